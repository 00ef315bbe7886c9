import { canInstall, installDebian } from '../debian.mjs';
import { missingBinaries, needOf, searchFolders, SERVICES } from './binaries.mjs';
import { startMariadb, startPostgres, startRedis, startRedisCluster, startRedisSentinel } from './index.mjs';

const addresses = (servers) => servers.map(({ host, port }) => `${host}:${port}`).join(',');

const byUrl = (start) => async () => {
  const { url, stop } = await start();
  return { stop, values: [url] };
};

/** What the tests want: the service whose programs it takes, the variables that name it, how it is started. */
const WANTED = [
  {
    service: 'redis',
    variables: ['REDIS_URL'],
    start: byUrl(startRedis),
  },
  {
    service: 'redis',
    variables: ['REDIS_CLUSTER'],
    start: async () => {
      const { nodes, stop } = await startRedisCluster();
      return { stop, values: [addresses(nodes)] };
    },
  },
  {
    service: 'redis',
    variables: ['REDIS_SENTINELS', 'REDIS_SENTINEL_NAME'],
    start: async () => {
      const { name, sentinels, stop } = await startRedisSentinel();
      return { stop, values: [addresses(sentinels), name] };
    },
  },
  {
    service: 'postgres',
    variables: ['POSTGRES_URL'],
    start: byUrl(startPostgres),
  },
  {
    service: 'mariadb',
    variables: ['MARIADB_URL'],
    start: byUrl(startMariadb),
  },
];

const isNamed = (env, { variables }) => variables.every((variable) => env[variable]);

/** Sees to it that the programs are there of what the environment does not name; root on Debian gets them installed. */
export async function providePrograms({
  env = process.env,
  folders = searchFolders,
  mayInstall = canInstall,
  install = installDebian,
} = {}) {
  const wanted = WANTED.filter((each) => !isNamed(env, each));
  const services = [...new Set(wanted.map(({ service }) => service))];
  const absent = () => services.filter((service) => missingBinaries(service, folders()).length > 0);
  const missing = absent();
  if (missing.length === 0) return;
  const packages = missing.map((service) => SERVICES[service].debianPackage);
  const tried = mayInstall();
  if (tried) await install(packages);
  const still = absent();
  if (still.length === 0) return;
  const why = tried ? [`\`apt-get install ${packages.join(' ')}\` did not mend it.`] : [];
  throw new Error(
    ['The store tests need servers.', ...still.map((service) => `${needOf(service, folders())}.`), ...why].join('\n'),
  );
}

/**
 * The services that the store tests talk to: those that the environment names, which are left as they are, and for the
 * rest servers of one's own, which `stop` ends.
 */
export async function provideServices({ env = process.env, ...programs } = {}) {
  const named = WANTED.filter((each) => isNamed(env, each));
  const wanted = WANTED.filter((each) => !named.includes(each));
  for (const { variables } of wanted) {
    const half = variables.find((variable) => env[variable]);
    const other = variables.find((variable) => !env[variable]);
    if (half) throw new Error(`${half} is set without ${other}: set both, or neither`);
  }
  await providePrograms({ env, ...programs });

  const outcomes = await Promise.allSettled(wanted.map(({ start }) => start()));
  const started = outcomes.flatMap(({ value }) => value ?? []);
  const stop = async () => {
    await Promise.all(started.map((each) => each.stop()));
  };
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const urls = {};
  for (const { variables } of named) for (const variable of variables) urls[variable] = env[variable];
  for (const [index, { variables }] of wanted.entries()) {
    for (const [place, variable] of variables.entries()) urls[variable] = started[index].values[place];
  }
  return { env: urls, stop };
}
