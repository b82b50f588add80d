<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** What occ can do. Names, arguments and options are those of ownCloud's occ. */
final class Commands
{
    /** Command: method, options with a value, options without. */
    private const COMMANDS = [
        'background:cron' => ['backgroundCron', [], []],
        'config:import' => ['configImport', [], []],
        'config:list' => ['configList', [], []],
        'config:system:delete' => ['configDelete', [], []],
        'config:system:get' => ['configGet', ['output'], []],
        'config:system:set' => ['configSet', ['value', 'type'], []],
        'files:scan' => ['filesScan', [], ['all']],
        'maintenance:install' => ['install', [
            'database', 'database-name', 'database-host', 'database-user', 'database-table-prefix', 'admin-user', 'data-dir',
        ], []],
        'maintenance:mode' => ['maintenanceMode', [], ['on', 'off']],
        'status' => ['status', ['output'], []],
        'system:cron' => ['cron', [], []],
        'upgrade' => ['upgrade', [], []],
        'user:add' => ['userAdd', ['display-name'], ['password-from-env']],
        'user:list' => ['userList', [], []],
        'user:resetpassword' => ['userPassword', [], ['password-from-env']],
    ];
    private const BEFORE_INSTALLATION = ['maintenance:install', 'status'];

    public function __construct(private Config $config)
    {
    }

    /** Runs a command; returns the exit status. */
    public function run(array $words): int
    {
        $name = array_shift($words) ?? 'list';
        if (!isset(self::COMMANDS[$name])) {
            fwrite(STDERR, "Commands: " . implode(' ', array_keys(self::COMMANDS)) . "\n");
            return in_array($name, ['list', '--help'], true) ? 0 : 1;
        }
        if (!$this->config->get('installed', false) && !in_array($name, self::BEFORE_INSTALLATION, true)) {
            echo "The stand-in is not installed - only a limited number of commands are available\n";
            fwrite(STDERR, "The command \"$name\" is not defined before \"maintenance:install\".\n");
            return 1;
        }
        [$method, $options, $switches] = self::COMMANDS[$name];
        return $this->$method(new Arguments($words, $options, [...$switches, 'no-interaction'])) ?? 0;
    }

    private function status(Arguments $arguments): void
    {
        $status = array_diff_key(status($this->config), ['needsDbUpgrade' => 0, 'maintenance' => 0, 'product' => 0, 'productname' => 0]);
        $status += array_filter(['first_install_version' => $this->config->get('first_install_version')]);
        if (!$status['installed']) {
            echo "The stand-in is not installed - only a limited number of commands are available\n";
        }
        if (str_starts_with($arguments->option('output', 'plain'), 'json')) {
            echo json_encode($status, JSON_UNESCAPED_SLASHES), "\n";
            return;
        }
        foreach ($status as $name => $value) {
            echo "  - $name: ", is_bool($value) ? var_export($value, true) : $value, "\n";
        }
    }

    /** The two passwords are read from standard input, a line each: the database user's, then the administrator's. */
    private function install(Arguments $arguments): void
    {
        if ($this->config->get('installed', false)) {
            throw new \RuntimeException('This server is installed already');
        }
        if ($arguments->option('database', 'mysql') !== 'mysql') {
            throw new \InvalidArgumentException('The stand-in knows --database=mysql only');
        }
        $data = rtrim($arguments->need('data-dir'), '/');
        if (!is_dir($data) || !is_writable($data)) {
            throw new \RuntimeException("The data directory $data is not there, or this user cannot write to it");
        }
        $access = [
            'dbhost' => $arguments->option('database-host', 'localhost'),
            'dbname' => $arguments->need('database-name'),
            'dbuser' => $arguments->need('database-user'),
            'dbpassword' => $this->ask('password of the database user'),
            'dbtableprefix' => $arguments->option('database-table-prefix', 'oc_'),
        ];
        $password = $this->ask('password of the administrator');
        $database = Database::connect(...array_values($access));
        $database->makeTables();
        $users = new Users($database, $data);
        $admin = $arguments->option('admin-user', 'admin');
        // There already: an installation that was interrupted before its last step, which is the file below.
        $users->exists($admin) ? $users->setPassword($admin, $password) : $users->add($admin, $password);
        $database->setAppConfig('core', 'installedat', (string) microtime(true));
        $this->config->merge($access + [
            'instanceid' => 'oc' . bin2hex(random_bytes(5)),
            'dbtype' => 'mysql',
            'datadirectory' => $data,
            'trusted_domains' => ['localhost'],
            'version' => VERSION . '.0',
            'first_install_version' => VERSION . '.0',
            'installed' => true,
        ]);
        echo "The stand-in was successfully installed\n";
    }

    private function configList(Arguments $arguments): void
    {
        $app = $arguments->plain[0] ?? 'all';
        $listed = in_array($app, ['all', 'system'], true) ? ['system' => $this->config->shown()] : [];
        if ($app !== 'system') {
            $listed['apps'] = Database::of($this->config)->appConfig($app === 'all' ? null : $app);
        }
        echo json_encode($listed, JSON_PRETTY_PRINT), "\n";
    }

    private function configGet(Arguments $arguments): int
    {
        $value = $this->config->find($arguments->plain);
        if ($value === null) {
            return 1;
        }
        if (str_starts_with($arguments->option('output', 'plain'), 'json')) {
            echo json_encode($value), "\n";
            return 0;
        }
        foreach (is_array($value) ? $value : [$value] as $one) {
            echo is_bool($one) ? var_export($one, true) : $one, "\n";
        }
        return 0;
    }

    private function configSet(Arguments $arguments): void
    {
        if ($arguments->plain === []) {
            throw new \InvalidArgumentException('The name of the setting is missing');
        }
        $value = $arguments->need('value');
        $typed = match ($type = $arguments->option('type', 'string')) {
            'string' => $value,
            'integer' => (int) $value,
            'double' => (float) $value,
            'boolean' => filter_var($value, FILTER_VALIDATE_BOOL),
            default => throw new \InvalidArgumentException("The type \"$type\" is not string, integer, double or boolean"),
        };
        $this->config->put($arguments->plain, $typed);
        echo 'System config value ', implode(' => ', $arguments->plain), " set to $type $value\n";
    }

    /** Settings as JSON on standard input, {"system": {name: value}}; a list or a map replaces what is there. */
    private function configImport(Arguments $arguments): void
    {
        $given = json_decode((string) stream_get_contents(STDIN), true);
        if (!is_array($given['system'] ?? null) || array_diff(array_keys($given), ['system']) !== []) {
            throw new \InvalidArgumentException('Standard input has to be JSON with "system" in it, and nothing else');
        }
        $this->config->merge($given['system']);
        echo "Config successfully imported from: STDIN\n";
    }

    private function configDelete(Arguments $arguments): int
    {
        $name = $arguments->plain[0] ?? throw new \InvalidArgumentException('The name of the setting is missing');
        if (count($arguments->plain) > 1) {
            throw new \InvalidArgumentException('The stand-in deletes whole settings only');
        }
        if ($this->config->find([$name]) === null) {
            echo "System config $name could not be deleted because it did not exist\n";
            return 1;
        }
        $this->config->remove($name);
        echo "System config value $name deleted\n";
        return 0;
    }

    private function maintenanceMode(Arguments $arguments): void
    {
        if ($arguments->option('on') || $arguments->option('off')) {
            $this->config->put(['maintenance'], $arguments->option('on') !== null);
        }
        echo 'Maintenance mode is ', $this->config->get('maintenance', false) ? 'enabled' : 'disabled', "\n";
    }

    private function backgroundCron(Arguments $arguments): void
    {
        Database::of($this->config)->setAppConfig('core', 'backgroundjobs_mode', 'cron');
        echo "Set mode for background jobs to 'cron'\n";
    }

    private function cron(Arguments $arguments): void
    {
        $database = Database::of($this->config);
        $users = $this->users($database);
        foreach ($users->all() as $uid => $_) {
            (new Tree($users->home((string) $uid)))->removeOldUploads();
        }
        $database->setAppConfig('core', 'lastcron', (string) time());
    }

    /** Ends with 3 when there is nothing to do, as ownCloud's does. */
    private function upgrade(Arguments $arguments): int
    {
        if ($this->config->get('version') === VERSION . '.0') {
            echo "The stand-in is already latest version\n";
            return 3;
        }
        Database::of($this->config)->makeTables();
        $this->config->merge(['version' => VERSION . '.0']);
        echo "Update successful\n";
        return 0;
    }

    private function filesScan(Arguments $arguments): void
    {
        $database = Database::of($this->config);
        $users = $this->users($database);
        $chosen = $arguments->option('all') ? array_map('strval', array_keys($users->all())) : $arguments->plain;
        if ($chosen === []) {
            throw new \InvalidArgumentException('Whose files? Name users, or say --all');
        }
        $all = [0, 0];
        foreach ($chosen as $uid) {
            if (!$users->exists($uid)) {
                throw new \InvalidArgumentException("There is no user \"$uid\"");
            }
            $tree = new Tree($users->home($uid));
            [$folders, $files] = (new FileCache($database, $tree, $uid))->scan();
            $all = [$all[0] + $folders, $all[1] + $files];
        }
        $line = "+---------+-------+\n";
        echo $line, "| Folders | Files |\n", $line, sprintf("| %-7d | %-5d |\n", ...$all), $line;
    }

    private function userAdd(Arguments $arguments): void
    {
        $uid = $arguments->plain[0] ?? throw new \InvalidArgumentException('The user name is missing');
        $this->users()->add($uid, $this->password($arguments), $arguments->option('display-name', ''));
        echo "The user \"$uid\" was created successfully\n";
    }

    private function userPassword(Arguments $arguments): void
    {
        $uid = $arguments->plain[0] ?? throw new \InvalidArgumentException('The user name is missing');
        $this->users()->setPassword($uid, $this->password($arguments));
        echo "Successfully reset password for $uid\n";
    }

    private function userList(Arguments $arguments): void
    {
        foreach ($this->users()->all() as $uid => $name) {
            echo "  - $uid: $name\n";
        }
    }

    private function users(?Database $database = null): Users
    {
        return new Users($database ?? Database::of($this->config), $this->config->get('datadirectory'));
    }

    /** A user's password: from the environment (OC_PASS) or from standard input, never from the command line. */
    private function password(Arguments $arguments): string
    {
        if ($arguments->option('password-from-env') === null) {
            return $this->ask('password');
        }
        return getenv('OC_PASS') ?: throw new \InvalidArgumentException('--password-from-env: the variable OC_PASS is empty');
    }

    private function ask(string $what): string
    {
        $line = fgets(STDIN);
        if ($line === false || rtrim($line, "\r\n") === '') {
            throw new \InvalidArgumentException("The $what is missing; it is read from standard input");
        }
        return rtrim($line, "\r\n");
    }
}
