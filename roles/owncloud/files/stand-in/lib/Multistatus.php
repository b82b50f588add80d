<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** The answer to PROPFIND. Every request gets all properties: they are few, and no XML reader is needed to say so. */
final class Multistatus
{
    /** @param array<string, array> $entries rows of the file cache by path */
    public static function of(string $base, array $entries): string
    {
        $responses = '';
        foreach ($entries as $path => $entry) {
            $responses .= self::response($base, (string) $path, $entry);
        }
        return '<?xml version="1.0" encoding="utf-8"?>' . "\n"
            . '<d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">' . "\n$responses</d:multistatus>\n";
    }

    private static function response(string $base, string $path, array $entry): string
    {
        $folder = $entry['type'] === 'httpd/unix-directory';
        $encoded = implode('/', array_map('rawurlencode', $path === '' ? [] : explode('/', $path)));
        $href = rtrim("$base/$encoded", '/') . ($folder ? '/' : '');
        $properties = [
            'd:displayname' => self::text($path === '' ? '/' : basename($path)),
            'd:resourcetype' => $folder ? '<d:collection/>' : '',
            'd:getlastmodified' => gmdate('D, d M Y H:i:s', (int) $entry['mtime']) . ' GMT',
            'd:getetag' => '&quot;' . $entry['etag'] . '&quot;',
            'oc:fileid' => (string) $entry['fileid'],
        ];
        if (!$folder) {
            $properties['d:getcontentlength'] = (string) $entry['size'];
            $properties['d:getcontenttype'] = self::text($entry['type']);
        }
        $xml = '';
        foreach ($properties as $name => $value) {
            $xml .= "<$name>$value</$name>";
        }
        return ' <d:response><d:href>' . self::text($href) . '</d:href><d:propstat><d:prop>' . $xml
            . "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\n";
    }

    private static function text(string $text): string
    {
        // XML has no way to write most control characters, not even as references.
        return htmlspecialchars(preg_replace('/[\x00-\x08\x0b\x0c\x0e-\x1f]/', '?', $text), ENT_XML1 | ENT_QUOTES);
    }
}
