import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable, pathFolders } from '../executables.mjs';

/** What a service needs: its programs, the variable that names a running one instead, and Debian's package. */
export const SERVICES = {
  redis: { title: 'Redis', binaries: ['redis-server'], variable: 'REDIS_URL', debianPackage: 'redis-server' },
  postgres: {
    title: 'PostgreSQL',
    binaries: ['postgres', 'initdb'],
    variable: 'POSTGRES_URL',
    debianPackage: 'postgresql',
  },
  mariadb: {
    title: 'MariaDB',
    binaries: ['mariadbd', 'mariadb-install-db'],
    variable: 'MARIADB_URL',
    debianPackage: 'mariadb-server',
  },
};

/** Debian keeps PostgreSQL's programs out of the PATH, in a folder for each version. */
function postgresFolders() {
  const parent = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(parent).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(parent, version, 'bin'));
  } catch {
    return [];
  }
}

/** Where programs are looked for: the PATH, and where packages put servers without being in a user's PATH. */
export const searchFolders = () => [
  ...new Set([
    ...pathFolders(),
    ...['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin'],
    ...postgresFolders(),
  ]),
];

/** Which of a service's programs are in none of the folders. */
export const missingBinaries = (service, folders = searchFolders()) =>
  SERVICES[service].binaries.filter((name) => findExecutable([name], folders) === undefined);

/** What is missing for a service, and what to do about it. */
export function needOf(service, folders = searchFolders()) {
  const { title, variable, debianPackage } = SERVICES[service];
  const names = missingBinaries(service, folders).join(' and ');
  return (
    `${title} is needed, and there is no ${names} in ${folders.join(', ') || 'any folder'}. ` +
    `Install it (on Debian: apt-get install ${debianPackage}), or name a running server in ${variable}`
  );
}

/** The paths of a service's programs, in their order. */
export function binariesOf(service, folders = searchFolders()) {
  const paths = SERVICES[service].binaries.map((name) => findExecutable([name], folders));
  if (paths.includes(undefined)) throw new Error(needOf(service, folders));
  return paths;
}

/** The account of a server that refuses to run as root; there is none to change to where this process is not root. */
export function accountFor(...names) {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of names) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`The server has to run as one of ${names.join(', ')} here, and there is no such user`);
}
