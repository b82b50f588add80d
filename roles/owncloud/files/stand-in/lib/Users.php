<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

namespace StandIn;

/** The users in oc_users. */
final class Users
{
    // Every request is checked, and bcrypt's usual cost takes an emulated processor seconds. Passwords here are long.
    private const HASH = ['cost' => 8];

    public function __construct(private Database $database, private string $dataDirectory)
    {
    }

    /** @throws \InvalidArgumentException when the name or the password will not do, or the user is there already */
    public function add(string $uid, #[\SensitiveParameter] string $password, string $displayName = ''): void
    {
        if (preg_match('/^[A-Za-z0-9_.@-]{1,64}$/', $uid) !== 1 || trim($uid, '.') === '') {
            throw new \InvalidArgumentException("The user name \"$uid\" will not do: letters, digits and _ . @ - are allowed");
        }
        if ($this->exists($uid)) {
            throw new \InvalidArgumentException("The user \"$uid\" already exists");
        }
        $home = $this->home($uid);
        foreach ([$home, "$home/files", "$home/files_versions", "$home/uploads"] as $directory) {
            is_dir($directory) || mkdir($directory, 0750);
        }
        file_put_contents("$home/files/welcome.txt", "Welcome. This is a stand-in for ownCloud.\n");
        chmod("$home/files/welcome.txt", 0640);
        $this->database->run(
            'INSERT INTO *PREFIX*users (uid, displayname, password) VALUES (?, ?, ?)',
            [$uid, $displayName ?: $uid, self::hash($password)]
        );
    }

    public function setPassword(string $uid, #[\SensitiveParameter] string $password): void
    {
        if (!$this->exists($uid)) {
            throw new \InvalidArgumentException("There is no user \"$uid\"");
        }
        $this->database->run('UPDATE *PREFIX*users SET password = ? WHERE LOWER(uid) = LOWER(?)', [self::hash($password), $uid]);
    }

    public function exists(string $uid): bool
    {
        return $this->named($uid) !== null;
    }

    /** The user name as it was written when the user was added; its case does not matter. Null when there is none. */
    public function named(string $uid): ?string
    {
        return $this->database->row('SELECT uid FROM *PREFIX*users WHERE LOWER(uid) = LOWER(?)', [$uid])['uid'] ?? null;
    }

    /** User names, each with its displayed name. */
    public function all(): array
    {
        return array_column($this->database->rows('SELECT uid, displayname FROM *PREFIX*users ORDER BY uid'), 'displayname', 'uid');
    }

    public function check(string $uid, #[\SensitiveParameter] string $password): bool
    {
        $row = $this->database->row('SELECT password FROM *PREFIX*users WHERE LOWER(uid) = LOWER(?)', [$uid]);
        // An unknown name takes as long as a wrong password: the time must not tell which names there are.
        $hash = $row['password'] ?? '$2y$08$usesomesillystringforeB5OA6.XyBQgCUxFz0kUs0V3p2Lw3jhO';
        return password_verify($password, $hash) && $row !== null;
    }

    /** The directory of a user's files/ and uploads/. */
    public function home(string $uid): string
    {
        return "{$this->dataDirectory}/$uid";
    }

    private static function hash(#[\SensitiveParameter] string $password): string
    {
        if ($password === '' || strlen($password) > 72) {
            throw new \InvalidArgumentException('The password has to have between 1 and 72 bytes (bcrypt reads no more)');
        }
        return password_hash($password, PASSWORD_BCRYPT, self::HASH);
    }
}
