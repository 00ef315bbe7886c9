import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { run } from './run.mjs';

/** Whether packages can be installed here. */
export const canInstall = () => process.getuid?.() === 0 && existsSync('/etc/debian_version');

// Debian's packages ask it before they start a service of their own: 101 forbids that.
const POLICY = '/usr/sbin/policy-rc.d';
const FORBID_STARTS = '#!/bin/sh\nexit 101\n';

/** Installs packages of Debian's, none of which starts a service, and answers whether that succeeded. */
export async function installDebian(packages) {
  console.log(`Installing ${packages.join(', ')}`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, quiet: true };
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, FORBID_STARTS, { mode: 0o755 });
  try {
    return (
      (await run('apt-get', ['update'], options)) &&
      (await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options))
    );
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
}
