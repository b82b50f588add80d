<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// What this is and how it is, for monitors and for clients that look for a server. Open to everybody, as ownCloud's is.
declare(strict_types=1);

namespace StandIn;

require __DIR__ . '/lib/boot.php';

header('Access-Control-Allow-Origin: *');
header('Content-Type: application/json');
try {
    echo json_encode(status(new Config()), JSON_UNESCAPED_SLASHES);
} catch (\Throwable $fault) {
    http_response_code(500);
    error_log($fault->getMessage());
    echo '{"installed":false}';
}
