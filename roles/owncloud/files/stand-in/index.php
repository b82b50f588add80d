<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The way from / to the login page, and that page, which says what this is.
declare(strict_types=1);

namespace StandIn;

require __DIR__ . '/lib/boot.php';

$status = 200;
try {
    $config = new Config();
    $state = $config->get('installed', false) ? 'It is installed.' : 'It is not installed yet.';
    if ($config->get('installed', false)) {
        Request::checkReady($config);
        if (!str_ends_with(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '', '/login')) {
            header('Location: /index.php/login', true, 302);
            exit;
        }
    }
} catch (Refusal $refusal) {
    $status = $refusal->getCode();
    $state = $refusal->getMessage();
}
http_response_code($status);
?>
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Stand-in for ownCloud</title></head>
<body>
<h1>A stand-in for ownCloud</h1>
<p>This is not ownCloud. It stands where ownCloud would be, because the role had neither its archive nor a way to download it.</p>
<p>It serves files over WebDAV at <code>remote.php/dav/files/USER/</code>, keeps users and files in MySQL tables of ownCloud's
form, and has the part of <code>occ</code> that the role uses. It has no pages to work with, no sharing and no apps.</p>
<p><?= htmlspecialchars($state) ?> Version <?= VERSION ?>; <a href="/status.php">status.php</a> tells it to programs.</p>
</body>
</html>
