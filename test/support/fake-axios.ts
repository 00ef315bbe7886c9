import axios, {
  Axios,
  isAxiosError,
  type AxiosError,
  type AxiosInstance,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
} from 'axios';
import { ashAxios, type AshAxiosInstance, type AshAxiosOptions } from 'nestjs-ash/axios';
import { isAshClientError, type AshClientError } from 'nestjs-ash/client';
import { BASE, FakeServer, SERVER_TIME, type Route } from './fake-server.js';

/** An instance of axios before a server in this process. */
export interface FakeAxios {
  readonly api: AxiosInstance & AshAxiosInstance;
  readonly server: FakeServer;
  /** What the adapter was given, in order. */
  readonly configs: InternalAxiosRequestConfig[];
  /** Where the answers for a path come from, when a redirect was followed. */
  readonly answeredFrom: Map<string, string>;
  /** Has the adapter fail once for a path, after the server has answered unless it is said to be before. */
  fail(path: string, error: () => unknown, when?: 'before' | 'after'): void;
}

/** A protected instance of axios whose adapter is a {@link FakeServer}. */
export function openAxios(
  routes: Readonly<Record<string, Route>>,
  config: CreateAxiosDefaults = {},
  options: AshAxiosOptions = {},
): FakeAxios {
  const server = new FakeServer(routes);
  const configs: InternalAxiosRequestConfig[] = [];
  const answeredFrom = new Map<string, string>();
  const failures = new Map<string, { error: () => unknown; when: 'before' | 'after' }[]>();
  const instance = axios.create({
    baseURL: BASE,
    ...config,
    adapter: async (sent: InternalAxiosRequestConfig<RequestInit['body']>) => {
      configs.push(sent);
      const { method = 'get', data, signal, cancelToken } = sent;
      const url = new Axios({}).getUri(sent);
      const failure = failures.get(new URL(url).pathname)?.shift();
      if (failure?.when === 'before') throw failure.error();
      const answer = server.fetch(url, {
        method: method.toUpperCase(),
        headers: Object.entries(sent.headers.toJSON(true)),
        ...(data === undefined || data === null ? {} : { body: data }),
      });
      const response = await Promise.race([
        answer,
        ...(signal instanceof AbortSignal ? [endOf(signal)] : []),
        ...(cancelToken === undefined ? [] : [cancelToken.promise.then((reason) => Promise.reject(reason as Error))]),
      ]);
      if (failure !== undefined) throw failure.error();
      const { status, statusText } = response;
      const body: string = await response.text();
      if (sent.validateStatus?.(status) === false) throw new Error('The adapter has no say in what is an error.');
      const answered = { responseURL: answeredFrom.get(new URL(url).pathname) ?? url };
      const headers = Object.fromEntries(response.headers);
      return { data: body, status, statusText, headers, config: sent, request: answered };
    },
  });
  return {
    api: ashAxios(instance, { clock: () => SERVER_TIME, ...options }),
    server,
    configs,
    answeredFrom,
    fail: (path, error, when = 'after') => {
      failures.set(path, [...(failures.get(path) ?? []), { error, when }]);
    },
  };
}

function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new axios.CanceledError());
    });
  });
}

/** The error of axios that a call rejects with. */
export async function errorOf(call: Promise<unknown>): Promise<AxiosError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isAxiosError(error)) throw new Error(`No error of axios: ${String(error)}`);
  return error;
}

/** What ASH says of an error of axios. */
export function ashOf({ cause }: AxiosError): AshClientError {
  if (!isAshClientError(cause)) throw new Error(`No error of the client: ${String(cause)}`);
  return cause;
}
