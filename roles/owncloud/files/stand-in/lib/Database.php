<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

use PDO;

/** The connection, and the tables: those of ownCloud that this program needs, with ownCloud's names and columns. */
final class Database
{
    private const TABLES = [
        'users' => 'uid VARCHAR(64) NOT NULL PRIMARY KEY, displayname VARCHAR(64), password VARCHAR(255) NOT NULL',
        'storages' => 'numeric_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, id VARCHAR(64) NOT NULL UNIQUE,
            available INT NOT NULL DEFAULT 1, last_checked INT',
        'mimetypes' => 'id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mimetype VARCHAR(255) NOT NULL UNIQUE',
        'filecache' => 'fileid BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, storage INT NOT NULL, path VARCHAR(4000),
            path_hash CHAR(32) NOT NULL, parent BIGINT NOT NULL, name VARCHAR(250), mimetype INT NOT NULL,
            size BIGINT NOT NULL, mtime BIGINT NOT NULL, etag VARCHAR(40) NOT NULL, permissions INT NOT NULL,
            UNIQUE (storage, path_hash), INDEX (parent, name)',
        'appconfig' => 'appid VARCHAR(32) NOT NULL, configkey VARCHAR(64) NOT NULL, configvalue LONGTEXT,
            PRIMARY KEY (appid, configkey)',
        'preferences' => 'userid VARCHAR(64) NOT NULL, appid VARCHAR(32) NOT NULL, configkey VARCHAR(64) NOT NULL,
            configvalue LONGTEXT, PRIMARY KEY (userid, appid, configkey)',
    ];

    private function __construct(private PDO $pdo, private string $prefix)
    {
    }

    /** @throws \PDOException when the server is not there or refuses */
    public static function connect(
        string $host,
        string $name,
        string $user,
        #[\SensitiveParameter] string $password,
        string $prefix,
    ): self {
        if (preg_match('/^[A-Za-z0-9_]*$/', $prefix) !== 1) {
            throw new \InvalidArgumentException("The table prefix \"$prefix\" has characters other than letters, digits and _");
        }
        [$host, $port] = array_pad(explode(':', $host, 2), 2, '3306');
        $pdo = new PDO("mysql:host=$host;port=$port;dbname=$name;charset=utf8mb4", $user, $password, [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_EMULATE_PREPARES => false,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
        ]);
        return new self($pdo, $prefix);
    }

    public static function of(Config $config): self
    {
        return self::connect(
            $config->get('dbhost', 'localhost'),
            $config->get('dbname'),
            $config->get('dbuser'),
            $config->get('dbpassword'),
            $config->get('dbtableprefix', 'oc_'),
        );
    }

    /** Makes the tables that are not there yet. Columns are binary-collated: names that differ in case are two names. */
    public function makeTables(): void
    {
        foreach (self::TABLES as $name => $columns) {
            $this->pdo->exec(
                "CREATE TABLE IF NOT EXISTS {$this->prefix}$name ($columns) ENGINE=InnoDB"
                . ' DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC'
            );
        }
    }

    /** Runs a statement; "*PREFIX*" stands for the tables' prefix. */
    public function run(string $sql, array $values = []): \PDOStatement
    {
        $statement = $this->pdo->prepare(str_replace('*PREFIX*', $this->prefix, $sql));
        $statement->execute($values);
        return $statement;
    }

    public function row(string $sql, array $values = []): ?array
    {
        return $this->run($sql, $values)->fetch() ?: null;
    }

    public function rows(string $sql, array $values = []): array
    {
        return $this->run($sql, $values)->fetchAll();
    }

    /** The settings of an app, or of all: {app: {key: value}}. */
    public function appConfig(?string $app): array
    {
        $found = [];
        $rows = $this->rows('SELECT appid, configkey, configvalue FROM *PREFIX*appconfig WHERE ? IN (appid, \'\')', [$app ?? '']);
        foreach ($rows as $row) {
            $found[$row['appid']][$row['configkey']] = $row['configvalue'];
        }
        return $found;
    }

    public function setAppConfig(string $app, string $key, string $value): void
    {
        $this->run(
            'INSERT INTO *PREFIX*appconfig (appid, configkey, configvalue) VALUES (?, ?, ?)'
            . ' ON DUPLICATE KEY UPDATE configvalue = VALUES(configvalue)',
            [$app, $key, $value]
        );
    }
}
