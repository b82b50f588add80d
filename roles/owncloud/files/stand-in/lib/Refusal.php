<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** A request that is not served, and why: the exception's code is the HTTP status. */
final class Refusal extends \RuntimeException
{
    public function __construct(int $status, string $message, public readonly string $condition = '')
    {
        parent::__construct($message, $status);
    }
}
