<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** What oc_filecache knows of one user's files. As in ownCloud, the path there is under "files/". */
final class FileCache
{
    private const FOLDER = 'httpd/unix-directory';
    /** ownCloud's bits: read 1, update 2, create 4, delete 8, share 16. */
    private const PERMISSIONS = ['folder' => 31, 'file' => 27];

    private int $storage;

    public function __construct(private Database $database, private Tree $tree, string $uid)
    {
        $this->storage = $this->number('storages', 'numeric_id', 'id', "home::$uid");
    }

    /** The row of something that is on the disk, brought up to date when the disk says otherwise. */
    public function entry(string $path): array
    {
        $place = $this->tree->place($path);
        clearstatcache(true, $place);
        $folder = is_dir($place);
        $mtime = filemtime($place);
        $size = $folder ? 0 : filesize($place);
        $row = $this->find($path);
        if ($row !== null && (int) $row['mtime'] === $mtime && (int) $row['size'] === $size) {
            return $row;
        }
        return $this->store($path, $folder, $size, $mtime);
    }

    /** Rows of a folder's content. */
    public function children(string $path): array
    {
        $entries = [];
        foreach ($this->tree->names($path) as $name) {
            $entries[$name] = $this->entry(ltrim("$path/$name", '/'));
        }
        return $entries;
    }

    /** The row of a file that was just written: another content in the same second is another etag. */
    public function written(string $path): array
    {
        $place = $this->tree->place($path);
        clearstatcache(true, $place);
        return $this->store($path, is_dir($place), is_dir($place) ? 0 : filesize($place), filemtime($place));
    }

    /** Forgets a path and what is under it. */
    public function forget(string $path): void
    {
        $full = self::full($path);
        $this->database->run(
            'DELETE FROM *PREFIX*filecache WHERE storage = ? AND (path_hash = ? OR LEFT(path, CHAR_LENGTH(?)) = ?)',
            [$this->storage, md5($full), "$full/", "$full/"]
        );
    }

    /** Makes the table agree with the disk; returns [folders, files] that are there. */
    public function scan(string $path = ''): array
    {
        $count = [1, 0];
        $known = $this->entry($path);
        foreach ($this->children($path) as $name => $entry) {
            $child = ltrim("$path/$name", '/');
            $found = $entry['type'] === self::FOLDER ? $this->scan($child) : [0, 1];
            $count = [$count[0] + $found[0], $count[1] + $found[1]];
        }
        $rows = $this->database->rows('SELECT name FROM *PREFIX*filecache WHERE parent = ?', [$known['fileid']]);
        foreach (array_diff(array_column($rows, 'name'), $this->tree->names($path)) as $gone) {
            $this->forget(ltrim("$path/$gone", '/'));
        }
        return $count;
    }

    private function find(string $path): ?array
    {
        return $this->database->row(
            'SELECT f.fileid, f.size, f.mtime, f.etag, m.mimetype AS type FROM *PREFIX*filecache f'
            . ' JOIN *PREFIX*mimetypes m ON m.id = f.mimetype WHERE f.storage = ? AND f.path_hash = ?',
            [$this->storage, md5(self::full($path))]
        );
    }

    private function store(string $path, bool $folder, int $size, int $mtime): array
    {
        $full = self::full($path);
        $parent = $path === '' ? -1 : (int) $this->entry(self::parent($path))['fileid'];
        $this->database->run(
            'INSERT INTO *PREFIX*filecache'
            . ' (storage, path, path_hash, parent, name, mimetype, size, mtime, etag, permissions)'
            . ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE parent = VALUES(parent),'
            . ' mimetype = VALUES(mimetype), size = VALUES(size), mtime = VALUES(mtime), etag = VALUES(etag)',
            [
                $this->storage, $full, md5($full), $parent, basename($full), $this->type($folder ? null : $path),
                $size, $mtime, bin2hex(random_bytes(16)), self::PERMISSIONS[$folder ? 'folder' : 'file'],
            ]
        );
        return $this->find($path);
    }

    /** Number of a file's type in oc_mimetypes; null stands for a folder. */
    private function type(?string $path): int
    {
        return $this->number('mimetypes', 'id', 'mimetype', $path === null ? self::FOLDER : MimeTypes::of($path));
    }

    /** The number of a name in a table of names, which it enters when it is new. Two requests may do so at once. */
    private function number(string $table, string $number, string $column, string $name): int
    {
        $select = "SELECT $number FROM *PREFIX*$table WHERE $column = ?";
        $row = $this->database->row($select, [$name]);
        if ($row === null) {
            $this->database->run("INSERT IGNORE INTO *PREFIX*$table ($column) VALUES (?)", [$name]);
            $row = $this->database->row($select, [$name]);
        }
        return (int) $row[$number];
    }

    public static function parent(string $path): string
    {
        $slash = strrpos($path, '/');
        return $slash === false ? '' : substr($path, 0, $slash);
    }

    private static function full(string $path): string
    {
        return $path === '' ? 'files' : "files/$path";
    }
}
