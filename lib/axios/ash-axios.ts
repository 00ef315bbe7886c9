import { getAdapter, type AxiosAdapter, type AxiosInstance } from 'axios';
import { AshClient } from '../client/index.js';
import { callOf } from './call.js';
import { callerHeaders, defaultHeaders } from './headers.js';
import { readOptions, type AshAxiosOptions, type AxiosSettings } from './options.js';
import { ProvenRequest } from './proven-request.js';
import { requestUrl } from './request-url.js';
import { fetchBy, type Adapters } from './transport.js';

/** What {@link ashAxios} adds to an instance of axios. */
export interface AshAxiosInstance {
  /** What proves the requests: for chains, for contexts ahead of time, and to forget those that stand ready. */
  readonly ash: AshClient;
}

/** Registered, since two copies of this module can meet in one process. */
const ADAPTERS = Symbol.for('ash:axios:adapters');

interface AshAdapter extends AxiosAdapter {
  readonly [ADAPTERS]: Adapters;
}

/**
 * Lets an instance of axios call routes that are protected with ASH. The instance stays the one that it is, and its
 * interceptors, transforms, parameters, time-outs, tokens and adapters work as before.
 *
 * What is proven are the requests that change something, other than GET, HEAD and OPTIONS, to the origin of the
 * instance's `baseURL`; see {@link AshAxiosOptions.protect}, and {@link ashCall} for one request. Another instance made
 * of it by `create` does the same; with a `baseURL` of its own it is given to `ashAxios` again.
 *
 * A proven request rejects with an `AxiosError`, whose `cause` is an `AshClientError` where ASH has to do with it: with
 * the code of the refusal, and with `mayHaveRun`. A refusal rejects whatever `validateStatus` says.
 *
 * @throws AshConfigurationError for an unknown option or a value that it cannot have, and for a `baseURL` that is not
 * absolute outside of a page.
 * @example
 * const api = ashAxios(axios.create({ baseURL: 'https://shop.example' }));
 * await api.post('/transfer', { amount: 100, to: 'acct-7' });
 *
 * const chain = api.ash.chain('checkout');
 * await api.post('/cart', { sku: 'A1', quantity: 2 }, ashCall({ chain }));
 * await api.post('/checkout', {}, ashCall({ chain }));
 */
export function ashAxios<Instance extends AxiosInstance>(
  instance: Instance,
  options: AshAxiosOptions = {},
): Instance & AshAxiosInstance {
  const settings = readOptions(options, instance);
  const adapters = adaptersOf(instance.defaults.adapter);
  const ash = new AshClient({
    ...settings.client,
    fetch: fetchBy(adapters, instance),
    // Those of all requests, so that a context that is fetched ahead is the same caller's.
    headers: () => callerHeaders(defaultHeaders(instance), instance.defaults.auth),
  });
  instance.defaults.adapter = ashAdapter(ash, settings, adapters);
  return Object.assign(instance, { ash });
}

function ashAdapter(ash: AshClient, { protect }: AxiosSettings, adapters: Adapters): AshAdapter {
  const adapter: AxiosAdapter = async (config) => {
    const call = callOf(config);
    const url = requestUrl(config);
    const isProven = call === undefined ? protect(config, url) : call.protect !== false;
    return isProven
      ? new ProvenRequest(config, call ?? {}, adapters).send(ash, url)
      : getAdapter(adapters, config)(config);
  };
  return Object.assign(adapter, { [ADAPTERS]: adapters });
}

/** The adapters beneath those of an instance: proven twice, no request would pass. */
function adaptersOf(adapters: Adapters): Adapters {
  return typeof adapters === 'function' && ADAPTERS in adapters ? (adapters as AshAdapter)[ADAPTERS] : adapters;
}
