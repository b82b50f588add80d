<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** One user's files on disk. A path is relative to them, "" the top, "a/b.mp4" a file in a folder. */
final class Tree
{
    public readonly string $top;

    public function __construct(private string $home)
    {
        $this->top = "$home/files";
    }

    /**
     * The path that an URL's rest names, still percent-encoded.
     *
     * Each part is decoded by itself and has to be a plain name, so that no spelling of ".." or "/" leaves the tree.
     */
    public static function path(string $encoded): string
    {
        $names = [];
        foreach (explode('/', $encoded) as $part) {
            $name = rawurldecode($part);
            if ($name === '') {
                continue;
            }
            if ($name === '.' || $name === '..' || strpbrk($name, "/\\\0") !== false) {
                throw new Refusal(400, 'The path has a part that is not a plain name');
            }
            if (preg_match('//u', $name) !== 1) {
                throw new Refusal(400, 'A name in the path is not UTF-8');
            }
            if (strlen($name) > 250) {
                // The database has no room for more; ownCloud fails there, and so does this.
                throw new Refusal(500, 'A name in the path is longer than 250 bytes');
            }
            $names[] = $name;
        }
        return implode('/', $names);
    }

    /** The place of a path on disk. A link that somebody put there is not followed. */
    public function place(string $path): string
    {
        $place = $this->top;
        foreach ($path === '' ? [] : explode('/', $path) as $name) {
            $place .= "/$name";
            if (is_link($place)) {
                throw new Refusal(403, 'The path goes through a link');
            }
        }
        return $place;
    }

    public function exists(string $path): bool
    {
        return file_exists($this->place($path));
    }

    public function isFolder(string $path): bool
    {
        return is_dir($this->place($path));
    }

    /** Names in a folder, without links. */
    public function names(string $path): array
    {
        $place = $this->place($path);
        return array_values(array_filter(
            array_diff(scandir($place), ['.', '..']),
            static fn (string $name): bool => !is_link("$place/$name")
        ));
    }

    /** Removes a file, or a folder with all that is in it. A link is removed, not what it leads to. */
    public function remove(string $path): void
    {
        $this->removePlace($this->place($path));
    }

    private function removePlace(string $place): void
    {
        if (is_dir($place) && !is_link($place)) {
            foreach (array_diff(scandir($place), ['.', '..']) as $name) {
                $this->removePlace("$place/$name");
            }
            rmdir($place);
        } else {
            unlink($place);
        }
    }

    /**
     * Receives a file, whole or not at all: what was there before stays until the last byte is on the disk.
     *
     * @param resource $from
     * @param ?int $length bytes that the sender announced; null when it did not
     */
    public function receive(string $path, $from, ?int $length): void
    {
        $part = tempnam("{$this->home}/uploads", 'put-');
        try {
            $to = fopen($part, 'wb');
            $received = 0;
            while (!feof($from)) {
                $chunk = fread($from, 1 << 16);
                if ($chunk === false || @fwrite($to, $chunk) !== strlen($chunk)) {
                    throw new Refusal(507, 'The file could not be written; is the disk full?');
                }
                $received += strlen($chunk);
            }
            if ($length !== null && $received !== $length) {
                throw new Refusal(400, "Of $length bytes only $received arrived");
            }
            fsync($to);
            fclose($to);
            chmod($part, 0640);
            rename($part, $this->place($path));
        } finally {
            if (file_exists($part)) {
                unlink($part);
            }
        }
    }

    /** Removes what interrupted uploads left more than a day ago; returns how many. */
    public function removeOldUploads(): int
    {
        $old = array_filter(
            glob("{$this->home}/uploads/put-*"),
            static fn (string $file): bool => filemtime($file) < time() - 86400
        );
        array_map('unlink', $old);
        return count($old);
    }
}
