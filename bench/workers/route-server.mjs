import { serve, settle } from '../harness/worker.mjs';
import { SERVERS } from './routes/servers.mjs';

// All applications whose routes are measured, in one process, each on a port of its own.

const applications = [];

serve({
  /** @returns The number of the application, and its port. */
  async start({ adapter, name, servers }) {
    const application = await SERVERS[adapter](name, servers);
    return { application: applications.push(application) - 1, port: application.port };
  },
  issue: ({ application, count }) => applications[application].issue?.(count),
  settle,
  cpu: cpuMicroseconds,
});

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
