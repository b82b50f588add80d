<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** What is the same for all requests: whether this server is ready for them, and who sends them. */
final class Request
{
    /** The name or address that the client used, without port. */
    public static function hostName(): string
    {
        return strtolower(preg_replace('/:\d+$/', '', $_SERVER['HTTP_HOST'] ?? ''));
    }

    /** @throws Refusal when it is not installed, being maintained, or called by a name that it does not go by */
    public static function checkReady(Config $config): void
    {
        if (!$config->get('installed', false)) {
            throw new Refusal(503, 'This server is not installed yet; "occ maintenance:install" does it');
        }
        if ($config->get('maintenance', false)) {
            throw new Refusal(503, 'This server is being maintained');
        }
        $trusted = array_map('strtolower', $config->get('trusted_domains', ['localhost']));
        if (!in_array(self::hostName(), $trusted, true)) {
            throw new Refusal(400, 'This server is not called "' . self::hostName() . '"; trusted_domains lists its names');
        }
    }

    /** The user who is logged in. @throws Refusal when nobody is */
    public static function user(Users $users): string
    {
        $name = $_SERVER['PHP_AUTH_USER'] ?? '';
        if ($name === '' || !$users->check($name, $_SERVER['PHP_AUTH_PW'] ?? '')) {
            header('WWW-Authenticate: Basic realm="ownCloud", charset="UTF-8"');
            throw new Refusal(401, 'User name or password is wrong, or missing');
        }
        return $users->named($name) ?? $name;
    }

    /** A refusal as WebDAV clients expect it. */
    public static function refuse(Refusal $refusal): void
    {
        http_response_code($refusal->getCode());
        header('Content-Type: application/xml; charset=utf-8');
        $condition = $refusal->condition === '' ? '' : "<d:{$refusal->condition}/>";
        echo '<?xml version="1.0" encoding="utf-8"?>' . "\n"
            . '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">' . $condition . '<s:message>'
            . htmlspecialchars($refusal->getMessage(), ENT_XML1 | ENT_SUBSTITUTE) . "</s:message></d:error>\n";
    }
}
