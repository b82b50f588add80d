<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** WebDAV, class 1 without PROPPATCH and COPY, on one user's files. */
final class Dav
{
    private const METHODS = ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'MKCOL', 'MOVE', 'PROPFIND'];

    /** @param string $base the URL's path up to the user's files, with no slash at its end */
    public function __construct(private Tree $tree, private FileCache $cache, private string $base)
    {
    }

    /** Answers one request. @throws Refusal when it is not served */
    public function answer(string $method, string $path): void
    {
        match ($method) {
            'OPTIONS' => $this->options(),
            'GET', 'HEAD' => $this->get($path, $method === 'GET'),
            'PUT' => $this->put($path),
            'DELETE' => $this->delete($path),
            'MKCOL' => $this->makeFolder($path),
            'MOVE' => $this->move($path),
            'PROPFIND' => $this->propfind($path),
            default => $this->unknown($method),
        };
    }

    private function options(): void
    {
        header('DAV: 1, 3, extended-mkcol');
        header('Allow: ' . implode(', ', self::METHODS));
        header('Content-Length: 0');
    }

    private function unknown(string $method): never
    {
        header('Allow: ' . implode(', ', self::METHODS));
        throw new Refusal(405, "The method $method is not one of " . implode(', ', self::METHODS));
    }

    private function get(string $path, bool $withBody): void
    {
        $this->mustExist($path);
        if ($this->tree->isFolder($path)) {
            throw new Refusal(405, 'A folder has no content to get; its list is to be had with PROPFIND');
        }
        Download::send($this->tree->place($path), $this->cache->entry($path), $withBody);
    }

    private function put(string $path): void
    {
        if (isset($_SERVER['HTTP_CONTENT_RANGE'])) {
            throw new Refusal(400, 'A part of a file cannot be put (Content-Range); send the whole file');
        }
        $this->mustHaveParent($path);
        if ($this->tree->isFolder($path)) {
            throw new Refusal(405, 'There is a folder of this name');
        }
        $before = $this->tree->exists($path) ? $this->cache->entry($path) : null;
        $this->checkConditions($before);
        $length = isset($_SERVER['CONTENT_LENGTH']) && $_SERVER['CONTENT_LENGTH'] !== '' ? (int) $_SERVER['CONTENT_LENGTH'] : null;
        $this->tree->receive($path, fopen('php://input', 'rb'), $length);
        if (preg_match('/^\d{1,12}$/', $_SERVER['HTTP_X_OC_MTIME'] ?? '') === 1) {
            touch($this->tree->place($path), (int) $_SERVER['HTTP_X_OC_MTIME']);
            header('X-OC-MTime: accepted');
        }
        $entry = $this->cache->written($path);
        header("ETag: \"{$entry['etag']}\"");
        header("OC-ETag: \"{$entry['etag']}\"");
        header("OC-FileId: {$entry['fileid']}");
        http_response_code($before === null ? 201 : 204);
    }

    private function delete(string $path): void
    {
        $this->mustNotBeTop($path, 'removed');
        $this->mustExist($path);
        $this->checkConditions($this->cache->entry($path));
        $this->tree->remove($path);
        $this->cache->forget($path);
        http_response_code(204);
    }

    private function makeFolder(string $path): void
    {
        if ((int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > 0) {
            throw new Refusal(415, 'MKCOL takes no body');
        }
        if ($this->tree->exists($path)) {
            throw new Refusal(405, 'There is something of this name already');
        }
        $this->mustHaveParent($path);
        mkdir($this->tree->place($path), 0750);
        $this->cache->written($path);
        http_response_code(201);
    }

    private function move(string $path): void
    {
        $this->mustNotBeTop($path, 'moved');
        $this->mustExist($path);
        $target = $this->destination();
        $this->mustHaveParent($target);
        if ($target === $path || str_starts_with("$target/", "$path/")) {
            throw new Refusal($target === $path ? 403 : 409, 'A thing cannot be moved to its own place, or into itself');
        }
        $replaced = $this->tree->exists($target);
        if ($replaced && strtoupper($_SERVER['HTTP_OVERWRITE'] ?? 'T') === 'F') {
            throw new Refusal(412, 'There is something at the destination, and Overwrite is F');
        }
        if ($replaced) {
            $this->tree->remove($target);
            $this->cache->forget($target);
        }
        rename($this->tree->place($path), $this->tree->place($target));
        $this->cache->forget($path);
        $this->tree->isFolder($target) ? $this->cache->scan($target) : $this->cache->written($target);
        http_response_code($replaced ? 204 : 201);
    }

    private function destination(): string
    {
        $given = $_SERVER['HTTP_DESTINATION'] ?? '';
        $path = parse_url($given, PHP_URL_PATH);
        $host = parse_url($given, PHP_URL_HOST);
        if (!is_string($path) || $given === '') {
            throw new Refusal(400, 'MOVE needs the header field Destination, an URL');
        }
        if ($host !== null && strcasecmp($host, Request::hostName()) !== 0) {
            throw new Refusal(502, "The destination is on another server, \"$host\"");
        }
        $base = Tree::path($this->base);
        $target = Tree::path($path);
        if (!str_starts_with($target, "$base/")) {
            throw new Refusal(403, 'The destination is not among the same user\'s files');
        }
        return substr($target, strlen($base) + 1);
    }

    private function propfind(string $path): void
    {
        $depth = strtolower($_SERVER['HTTP_DEPTH'] ?? 'infinity');
        if ($depth !== '0' && $depth !== '1') {
            throw new Refusal(412, "PROPFIND goes to depth 0 or 1, not \"$depth\"", 'propfind-finite-depth');
        }
        $this->mustExist($path);
        $entries = [$path => $this->cache->entry($path)];
        if ($depth === '1' && $this->tree->isFolder($path)) {
            foreach ($this->cache->children($path) as $name => $entry) {
                $entries[ltrim("$path/$name", '/')] = $entry;
            }
        }
        http_response_code(207);
        header('Content-Type: application/xml; charset=utf-8');
        echo Multistatus::of($this->base, $entries);
    }

    private function mustExist(string $path): void
    {
        if (!$this->tree->exists($path)) {
            throw new Refusal(404, "There is no \"/$path\"");
        }
    }

    private function mustHaveParent(string $path): void
    {
        $this->mustNotBeTop($path, 'replaced');
        if (!$this->tree->isFolder(FileCache::parent($path))) {
            throw new Refusal(409, 'The folder that "/' . $path . '" would be in is not there');
        }
    }

    private function mustNotBeTop(string $path, string $what): void
    {
        if ($path === '') {
            throw new Refusal(403, "The user's top folder cannot be $what");
        }
    }

    /** If-Match and If-None-Match of something that would be changed; null when it is not there. */
    private function checkConditions(?array $entry): void
    {
        $match = $_SERVER['HTTP_IF_MATCH'] ?? null;
        $etag = $entry === null ? null : '"' . $entry['etag'] . '"';
        if ($match !== null && ($etag === null || ($match !== '*' && $match !== $etag))) {
            throw new Refusal(412, 'What is there is not what If-Match names');
        }
        $none = $_SERVER['HTTP_IF_NONE_MATCH'] ?? null;
        if ($none !== null && $etag !== null && ($none === '*' || $none === $etag)) {
            throw new Refusal(412, 'What is there is what If-None-Match excludes');
        }
    }
}
