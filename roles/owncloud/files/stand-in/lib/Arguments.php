<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** A command's arguments and options, written --name=value, --name value, or --name for yes. */
final class Arguments
{
    public array $plain = [];
    private array $options = [];

    /** @param string[] $switches options that take no value */
    public function __construct(array $words, private array $allowed, array $switches)
    {
        while (($word = array_shift($words)) !== null) {
            if (!str_starts_with($word, '--')) {
                $this->plain[] = $word;
                continue;
            }
            [$name, $value] = array_pad(explode('=', substr($word, 2), 2), 2, null);
            if (in_array($name, $switches, true)) {
                $value = 'yes';
            } elseif (!in_array($name, $allowed, true)) {
                $known = array_map(static fn (string $one): string => "--$one", [...$allowed, ...$switches]);
                throw new \InvalidArgumentException("There is no option \"--$name\" here; there are: " . implode(' ', $known));
            }
            $this->options[$name] = $value ?? array_shift($words)
                ?? throw new \InvalidArgumentException("The option \"--$name\" needs a value");
        }
    }

    public function option(string $name, ?string $default = null): ?string
    {
        return $this->options[$name] ?? $default;
    }

    /** @throws \InvalidArgumentException when it is not given */
    public function need(string $name): string
    {
        return $this->options[$name] ?? throw new \InvalidArgumentException("The option \"--$name\" is missing");
    }
}
