<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// WebDAV: remote.php/dav/files/USER/PATH, and ownCloud's older remote.php/webdav/PATH for the user who is logged in.
declare(strict_types=1);

namespace StandIn;

require __DIR__ . '/lib/boot.php';

function serve(): void
{
    $config = new Config();
    Request::checkReady($config);
    $database = Database::of($config);
    $users = new Users($database, $config->get('datadirectory'));
    $user = Request::user($users);

    // Not PATH_INFO: the server has decoded that, and "%2F" in a name can no longer be told from a separator.
    [$url] = explode('?', $_SERVER['REQUEST_URI'], 2);
    $rest = substr($url, strlen($_SERVER['SCRIPT_NAME']));
    if (preg_match('#^/dav/files/([^/]+)(/.*)?$#', $rest, $found) === 1) {
        if (strcasecmp(rawurldecode($found[1]), $user) !== 0) {
            // Not 403: that would tell which users there are.
            throw new Refusal(404, 'There is nothing here');
        }
        $base = $_SERVER['SCRIPT_NAME'] . '/dav/files/' . rawurlencode($user);
    } elseif (preg_match('#^/(webdav)(/.*)?$#', $rest, $found) === 1) {
        $base = $_SERVER['SCRIPT_NAME'] . '/webdav';
    } else {
        throw new Refusal(404, 'There is nothing here; files are under dav/files/USER/');
    }
    $tree = new Tree($users->home($user));
    $dav = new Dav($tree, new FileCache($database, $tree, $user), $base);
    $dav->answer($_SERVER['REQUEST_METHOD'], Tree::path($found[2] ?? ''));
}

try {
    serve();
} catch (Refusal $refusal) {
    Request::refuse($refusal);
} catch (\PDOException $fault) {
    error_log("database: {$fault->getMessage()}");
    Request::refuse(new Refusal(503, 'The database does not answer; the server\'s log says more'));
} catch (\Throwable $fault) {
    error_log("{$fault->getMessage()} in {$fault->getFile()}:{$fault->getLine()}");
    Request::refuse(new Refusal(500, 'Something went wrong; the server\'s log says more'));
}
