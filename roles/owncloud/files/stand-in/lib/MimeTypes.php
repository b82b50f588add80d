<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** Types by the ends of names, for what a lab's web server is likely to hold. */
final class MimeTypes
{
    private const TYPES = [
        'avi' => 'video/x-msvideo', 'css' => 'text/css', 'csv' => 'text/csv', 'gif' => 'image/gif',
        'html' => 'text/html', 'jpeg' => 'image/jpeg', 'jpg' => 'image/jpeg', 'json' => 'application/json',
        'md' => 'text/markdown', 'mkv' => 'video/x-matroska', 'mov' => 'video/quicktime', 'mp3' => 'audio/mpeg',
        'mp4' => 'video/mp4', 'ogg' => 'audio/ogg', 'pdf' => 'application/pdf', 'png' => 'image/png',
        'svg' => 'image/svg+xml', 'ts' => 'video/mp2t', 'txt' => 'text/plain', 'wav' => 'audio/x-wav',
        'webm' => 'video/webm', 'xml' => 'application/xml', 'zip' => 'application/zip',
    ];

    public static function of(string $path): string
    {
        return self::TYPES[strtolower(pathinfo($path, PATHINFO_EXTENSION))] ?? 'application/octet-stream';
    }
}
