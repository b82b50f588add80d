<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** GET and HEAD of a file: whole, or one range of it (RFC 9110, 14). */
final class Download
{
    private const CHUNK = 1 << 16;

    public static function send(string $place, array $entry, bool $withBody): void
    {
        $file = fopen($place, 'rb');
        // Of the open file: it may be replaced at any time, and then this one is still sent to its end.
        $size = fstat($file)['size'];
        $etag = '"' . $entry['etag'] . '"';
        header('Accept-Ranges: bytes');
        header("ETag: $etag");
        header("OC-ETag: $etag");
        header('Last-Modified: ' . self::date((int) $entry['mtime']));
        header("Content-Type: {$entry['type']}");
        // A page or a picture that a user put here must not run as part of this site.
        header('Content-Disposition: attachment');
        header("Content-Security-Policy: default-src 'none'");
        if (self::among($etag, $_SERVER['HTTP_IF_NONE_MATCH'] ?? '')) {
            http_response_code(304);
            return;
        }
        $range = self::rangeHolds($etag, (int) $entry['mtime']) ? ($_SERVER['HTTP_RANGE'] ?? '') : '';
        [$first, $last] = self::range($range, $size);
        if ($first > $last && $size > 0) {
            throw new Refusal(416, "The range \"$range\" is outside of the file's $size bytes");
        }
        if ($last - $first + 1 < $size || self::isRange($range)) {
            http_response_code(206);
            header("Content-Range: bytes $first-$last/$size");
        }
        header('Content-Length: ' . ($last - $first + 1));
        if ($withBody) {
            self::pour($file, $first, $last - $first + 1);
        }
    }

    /**
     * First and last byte that are asked for. No range, several, or one that is not understood: all of them. First behind
     * last: a range that the file does not have.
     */
    public static function range(string $header, int $size): array
    {
        if (preg_match('/^bytes=(\d{0,18})-(\d{0,18})$/', str_replace(' ', '', $header), $found) !== 1 || $found[0] === 'bytes=-') {
            return [0, $size - 1];
        }
        [, $from, $to] = $found;
        if ($from === '') {
            // The last so many bytes. Of none of them ownCloud makes all.
            return (int) $to === 0 || $size === 0 ? [0, $size - 1] : [max(0, $size - (int) $to), $size - 1];
        }
        if ($to !== '' && (int) $to < (int) $from) {
            return [1, 0];
        }
        return [(int) $from, $to === '' ? $size - 1 : min((int) $to, $size - 1)];
    }

    private static function isRange(string $header): bool
    {
        return preg_match('/^bytes=(\d+-\d*|-\d+)$/', str_replace(' ', '', $header)) === 1
            && (preg_match('/^bytes=(\d+)-(\d+)$/', $header, $found) !== 1 || (int) $found[1] <= (int) $found[2]);
    }

    /** Whether a range may be answered: without If-Range, or when it names what the file still is. */
    private static function rangeHolds(string $etag, int $mtime): bool
    {
        $condition = trim($_SERVER['HTTP_IF_RANGE'] ?? '');
        return $condition === '' || $condition === $etag || $condition === self::date($mtime);
    }

    private static function among(string $etag, string $list): bool
    {
        $tags = array_map(static fn (string $tag): string => preg_replace('/^W\//', '', trim($tag)), explode(',', $list));
        return $list === '*' || in_array($etag, $tags, true);
    }

    /** Piece by piece, at the client's pace: the memory that it takes does not depend on the file. @param resource $file */
    private static function pour($file, int $offset, int $left): void
    {
        while (ob_get_level() > 0) {
            ob_end_clean();
        }
        set_time_limit(0);
        fseek($file, $offset);
        while ($left > 0 && connection_status() === CONNECTION_NORMAL) {
            $chunk = fread($file, min(self::CHUNK, $left));
            if ($chunk === false || $chunk === '') {
                return;
            }
            echo $chunk;
            flush();
            $left -= strlen($chunk);
        }
    }

    private static function date(int $time): string
    {
        return gmdate('D, d M Y H:i:s', $time) . ' GMT';
    }
}
