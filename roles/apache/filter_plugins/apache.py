# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's variables are in Apache's own language: where it listens, words, patterns, header fields."""

from __future__ import annotations

import ipaddress
import re

_LISTEN = re.compile(r"(?:(?P<host>\[[^]\s]+\]|[^\s:\[\]]+):)?(?P<port>[0-9]{1,5})(?:\s+(?P<protocol>[a-z][a-z0-9.]*))?")
_SITE = re.compile(r"(?P<host>\[[^]\s]+\]|[^\s:\[\]]+)(?::(?P<port>[0-9]{1,5}|\*))?")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Where the role keeps certificates that it signs itself.
_OWN = "/etc/apache2/tls"
_EVERY = "*"
_EVERY_IPV4 = "0.0.0.0"


def _host(text: str | None) -> str:
    """An address in its one spelling; "*" for all. A name is left for Apache to look up."""
    if text in (None, "*", "_default_", "[::]"):
        return _EVERY
    bare = text.strip("[]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return text.lower()
    if address.version == 6 and address.is_unspecified:
        return _EVERY
    return f"[{address}]" if address.version == 6 else str(address)


def _parse_listen(entry: object) -> tuple[str, int, str]:
    """Address, port and protocol of one entry of apache_listen."""
    found = _LISTEN.fullmatch(str(entry).strip())
    if not found or not 1 <= int(found["port"]) <= 65535:
        raise ValueError(f'"{entry}" is no place to listen on: a port (80), an address with a port (192.0.2.1:80, '
                         "[2001:db8::1]:80), each with a protocol behind it (443 https) or without; ports are 1 to 65535")
    return _host(found["host"]), int(found["port"]), found["protocol"] or ""


def _parse_site(site: dict) -> list[tuple[str, int]]:
    """Addresses and ports of a site that says where it is to be found."""
    places = []
    for word in str(site["listen"]).split():
        found = _SITE.fullmatch(word)
        port = found and (found["port"] or "*")
        if not found or (port != "*" and not 1 <= int(port) <= 65535):
            raise ValueError(f'The site "{site["name"]}" has listen "{site["listen"]}": it takes addresses with ports, such as '
                             "*:80, 192.0.2.1:443 or [2001:db8::1]:443, with spaces between them")
        places.append((_host(found["host"]), 0 if port == "*" else int(port)))
    return places


def _is_tls(site: dict) -> bool:
    return site.get("tls_certificate") is not None or bool(site.get("tls"))


def _is_present(site: dict) -> bool:
    return (site.get("state") or "present") == "present"


def _with_redirects(sites: list) -> list[dict]:
    """The sites, and of those that plain HTTP is to lead to, the ones that lead there."""
    return [one for site in sites for one in (site, {"name": site["name"]})[: 1 + bool(site.get("redirect"))]]


def sites(wanted: list) -> list[dict]:
    """Those of apache_sites that are to be there, with the paths of certificates that the role makes."""
    found = []
    for site in filter(_is_present, wanted):
        own = {"tls_certificate": f"{_OWN}/{site['name']}.pem", "tls_key": f"{_OWN}/{site['name']}.key"}
        found.append({**site, **(own if site.get("tls") == "self-signed" else {})})
    return found


def https(site: dict) -> str:
    """The address of a site over TLS, without a path."""
    port = _parse_site({**site, "listen": site_addresses(site, [])})[0][1]
    return f"https://{site['server_name']}{f':{port}' if port not in (0, 443) else ''}"


def names(site: dict) -> list[str]:
    """What a certificate of the site's is for, the main name first."""
    return [*filter(None, [site.get("server_name")]), *(site.get("server_aliases") or [])]


def workers(meminfo: str) -> int:
    """How many processes with PHP in them a machine has room for, by the text of /proc/meminfo."""
    found = re.search(r"^MemTotal:\s+([0-9]+) kB", meminfo, re.MULTILINE)
    return min(256, max(24, int(found[1]) // 1024 // 16)) if found else 24


def site_addresses(site: dict, listen: list) -> str:
    """What stands behind VirtualHost: where the site says, else every port of its kind that Apache listens on."""
    if site.get("listen"):
        return str(site["listen"])
    if _is_tls(site):
        return "*:443"
    plain = sorted({port for _host_, port, protocol in map(_parse_listen, listen) if protocol in ("", "http") and port != 443})
    return " ".join(f"*:{port}" for port in plain) or "*:80"


def _covers(wide: tuple[str, int], narrow: tuple[str, int]) -> bool:
    """Whether who listens on the one listens on the other, too; both at once cannot be."""
    (all_of, port), (host, other) = wide, narrow
    if port != other or all_of == host:
        return port == other
    return all_of == _EVERY or (all_of == _EVERY_IPV4 and re.fullmatch(r"[0-9.]+", host) is not None)


def listen(entries: list, sites: list) -> list[str]:
    """What stands behind each Listen: all that was asked for, and where sites are, no address and port twice.

    An entry that another one covers is left out, as Apache could not start with both. A site on every address (*:443) is
    content with any entry for its port.
    """
    wanted: dict[tuple[str, int], str] = {}
    for host, port, protocol in map(_parse_listen, entries):
        wanted[host, port] = wanted.get((host, port)) or protocol
    for site in _with_redirects(list(filter(_is_present, sites))):
        for host, port in _parse_site({**site, "listen": site_addresses(site, entries)}):
            served = any(port == other if host == _EVERY else _covers((known, other), (host, port)) for known, other in wanted)
            if port and not served:
                wanted[host, port] = "https" if _is_tls(site) and port != 443 else ""
    kept = [one for one in wanted if not any(other != one and _covers(other, one) for other in wanted)]
    return [" ".join(filter(None, (str(port) if host == _EVERY else f"{host}:{port}", wanted[host, port])))
            for host, port in kept]


def word(value: object) -> str:
    """A value as one word of a directive, whatever is in it but control characters."""
    text = str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder(path: str) -> str:
    """A path for <Directory>, which would take *, ? and [ for patterns."""
    return word(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def header(name: str, value: object) -> list[str]:
    """The directives that give a header field to every answer, once: also where a program behind Apache sends it, too."""
    values = value if isinstance(value, list) else [value]
    lines = [f"Header onsuccess unset {name}"]
    if value is None:
        return [*lines, f"Header always unset {name}"]
    for number, one in enumerate(values):
        text = str(one).lower() if isinstance(one, bool) else str(one)
        lines.append(f"Header always {'add' if number else 'set'} {name} {word(text.replace('%', '%%'))}")
    return lines


def faults(variables: dict) -> list[str]:
    """What of the role's variables no Apache could take, in words; an empty list when all is well."""
    found = []
    for step in (_fault_of_listen, _fault_of_tls, _fault_of_names, _fault_of_headers):
        found += step(variables)
    return found


def _fault_of_listen(variables: dict) -> list[str]:
    found = []
    for entry in variables["listen"]:
        found += _complaint(_parse_listen, entry)
    for site in variables["sites"]:
        if site.get("listen"):
            found += _complaint(_parse_site, site)
        if (site.get("tls_certificate") is not None) != (site.get("tls_key") is not None):
            found.append(f'The site "{site["name"]}" has one of tls_certificate and tls_key; give both, or neither for '
                         "plain HTTP")
    if not found and not listen(variables["listen"], variables["sites"]):
        found.append("apache_listen is empty, and no site says where it is: give a port, such as 80")
    return found


def _fault_of_tls(variables: dict) -> list[str]:
    found = []
    for site in filter(_is_present, variables["sites"]):
        which = f'The site "{site["name"]}"'
        if site.get("tls") and site.get("tls_certificate") is not None:
            found.append(f"{which} has tls and tls_certificate: give one of the two")
        if site.get("redirect") and not _is_tls(site):
            found.append(f"{which} has redirect and no certificate: give tls, or tls_certificate and tls_key")
        if not site.get("server_name") and (site.get("tls") or site.get("redirect")):
            found.append(f"{which} has no server_name, which {'tls' if site.get('tls') else 'redirect'} needs")
        if site.get("tls") == "acme" and not re.fullmatch(r"[^@\s]+@[^@\s]+", str(variables["acme_contact"] or "")):
            found.append(f'{which} has tls "acme", and apache_acme_contact is "{variables["acme_contact"]}": it must be an '
                         "e-mail address, which the authority writes to when a certificate is about to end")
    if not re.fullmatch(r"https://[^\s\"]+", str(variables["acme_directory"])):
        found.append(f'apache_acme_directory is "{variables["acme_directory"]}": it must be the address of an ACME directory, '
                     "which begins with https://")
    if not re.fullmatch("auto|[1-9][0-9]{0,3}", str(variables["workers"])):
        found.append(f'apache_max_request_workers is "{variables["workers"]}": it must be a number from 1 to 9999, or auto')
    return found


def _complaint(parse, value: object) -> list[str]:
    try:
        parse(value)
    except ValueError as error:
        return [str(error)]
    return []


def _fault_of_names(variables: dict) -> list[str]:
    found = []
    names = [str(site["name"]) for site in variables["sites"]]
    again = sorted({name for name in names if names.count(name) > 1})
    found += [f'apache_sites has "{name}" twice: a name stands for one file' for name in again]
    for site in variables["sites"]:
        name = str(site["name"])
        if not name or name.startswith(".") or "/" in name or len(name) > 200:
            found.append(f'A site is called "{name}": it is the name of a file, without "/" and no "." at its beginning')
        values = [site.get(key) for key in ("name", "document_root", "server_name", "tls_certificate", "tls_key")]
        for value in filter(None, [*values, *(site.get("server_aliases") or [])]):
            if _CONTROL.search(str(value)):
                found.append(f'The site "{name}" has the value {str(value)!r}, with a line end or another control character')
        for value in filter(None, [site.get("server_name"), *(site.get("server_aliases") or [])]):
            if " " in str(value):
                found.append(f'The site "{name}" has the host name "{value}", with a space in it; server_aliases is a list')
    if re.search(r"\s", str(variables["server_name"])) or not variables["server_name"]:
        found.append(f'apache_server_name is "{variables["server_name"]}": it must be a host name')
    return found


def _fault_of_headers(variables: dict) -> list[str]:
    found = []
    for name, value in variables["headers"].items():
        if not _TOKEN.fullmatch(str(name)):
            found.append(f'apache_headers has the name "{name}", which is none of a header field: letters, digits and hyphens')
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, (dict, list)) or _CONTROL.search(str(one)) or str(one).startswith("expr="):
                found.append(f'apache_headers gives "{name}" the value {one!r}: it must be text of one line, and not '
                             'begin with "expr="')
    return found


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict:
        """The filters by name."""
        return {
            "apache_faults": faults,
            "apache_folder": folder,
            "apache_header": header,
            "apache_https": https,
            "apache_listen": listen,
            "apache_names": names,
            "apache_site_addresses": site_addresses,
            "apache_sites": sites,
            "apache_word": word,
            "apache_workers": workers,
        }
