<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// What every entry point starts with: classes by name, faults as exceptions, and who this is.
declare(strict_types=1);

namespace StandIn;

const VERSION = '1.0.0';
const ROOT = __DIR__ . '/..';

spl_autoload_register(static function (string $class): void {
    $name = substr($class, strlen(__NAMESPACE__) + 1);
    if (preg_match('/^[A-Za-z]+$/', $name) === 1 && is_file(__DIR__ . "/$name.php")) {
        require __DIR__ . "/$name.php";
    }
});

set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    // An expression after @ says that its failure is looked at where it stands.
    if ((error_reporting() & $level) === 0) {
        return true;
    }
    throw new \ErrorException($message, 0, $level, $file, $line);
});

// Files that this program makes are for the web server's user, and for its group to read.
umask(0027);

/** What status.php tells; the keys are ownCloud's, but for stand_in, which says that this is none. */
function status(Config $config): array
{
    return [
        'installed' => (bool) $config->get('installed', false),
        'maintenance' => (bool) $config->get('maintenance', false),
        'needsDbUpgrade' => false,
        'version' => VERSION . '.0',
        'versionstring' => VERSION,
        'edition' => 'Community',
        'productname' => 'livelab stand-in for ownCloud',
        'product' => 'ownCloud',
        'stand_in' => true,
    ];
}
