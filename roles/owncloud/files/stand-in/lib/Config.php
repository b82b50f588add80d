<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** The settings in config/config.php, in ownCloud's form: a PHP file that sets $CONFIG. */
final class Config
{
    /** Names whose values are never shown. */
    private const SECRETS = ['dbpassword', 'mail_domain', 'mail_from_address', 'mail_smtphost', 'mail_smtppassword', 'passwordsalt', 'secret'];

    private array $values = [];
    private string $file;

    /** @throws \RuntimeException when the file is there and cannot be read */
    public function __construct(string $directory = ROOT . '/config')
    {
        $this->file = "$directory/config.php";
        if (!is_file($this->file)) {
            return;
        }
        if (!is_readable($this->file)) {
            throw new \RuntimeException("{$this->file} cannot be read by this user; run occ as www-data");
        }
        $CONFIG = [];
        include $this->file;
        $this->values = $CONFIG;
    }

    public function get(string $name, mixed $default = null): mixed
    {
        return $this->values[$name] ?? $default;
    }

    /** A value inside a value: find(['trusted_domains', '1']). Null when there is none. */
    public function find(array $keys): mixed
    {
        $value = $this->values;
        foreach ($keys as $key) {
            if (!is_array($value) || !array_key_exists($key, $value)) {
                return null;
            }
            $value = $value[$key];
        }
        return $value;
    }

    /** Sets a value inside a value and writes the file. */
    public function put(array $keys, mixed $value): void
    {
        $place = &$this->values;
        foreach ($keys as $key) {
            if (!is_array($place)) {
                $place = [];
            }
            $place = &$place[$key];
        }
        $place = $value;
        $this->write();
    }

    /** Sets several values and writes the file once. */
    public function merge(array $values): void
    {
        $this->values = array_merge($this->values, $values);
        $this->write();
    }

    public function remove(string $name): void
    {
        unset($this->values[$name]);
        $this->write();
    }

    /** All values, secret ones replaced. */
    public function shown(): array
    {
        $values = $this->values;
        foreach (array_intersect(self::SECRETS, array_keys($values)) as $name) {
            $values[$name] = '***REMOVED SENSITIVE VALUE***';
        }
        return $values;
    }

    /** Whole or not at all, and never readable for others, not even for a moment. */
    private function write(): void
    {
        $new = "{$this->file}.new";
        $text = "<?php\n\$CONFIG = " . var_export($this->values, true) . ";\n";
        touch($new);
        chmod($new, 0640);
        file_put_contents($new, $text);
        rename($new, $this->file);
        if (function_exists('opcache_invalidate')) {
            opcache_invalidate($this->file, true);
        }
    }
}
