import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { ashAxios, ashCall, type AshAxiosCall, type AshAxiosInstance, type AshAxiosOptions } from 'nestjs-ash/axios';
import type { AshClient } from 'nestjs-ash/client';
import type { Same } from './same.js';

export const rightOptions: AshAxiosOptions[] = [
  {},
  { baseUrl: 'https://shop.example', contextPath: '/v1/context' },
  { renewal: false, prefetch: 2, clock: Date.now },
  { protect: ({ url }) => url !== '/login' },
];

export const wrongOptions: AshAxiosOptions[] = [
  // @ts-expect-error: it is written baseUrl here too
  { baseURL: 'https://shop.example' },
  // @ts-expect-error: axios sends the requests
  { fetch },
  // @ts-expect-error: headers are those of the instance
  { headers: { authorization: 'Bearer x' } },
  // @ts-expect-error: the time-out is that of the instance
  { timeout: 1_000 },
  // @ts-expect-error: a list of paths is no function
  { protect: ['/transfer'] },
];

export function rightCalls(instance: AxiosInstance, ash: AshClient): AshAxiosCall[] {
  const { ash: ofInstance } = ashAxios(instance);
  return [
    {},
    { protect: false },
    { payload: 'raw' },
    { chain: ash.chain('checkout') },
    { chain: ofInstance.chain('checkout'), payload: 'json' },
  ];
}

export const wrongCalls: AshAxiosCall[] = [
  // @ts-expect-error: a name is no chain
  { chain: 'checkout' },
  // @ts-expect-error: no kind of payload
  { payload: 'text' },
  // @ts-expect-error: the time-out is that of the request
  { timeout: 1_000 },
  // @ts-expect-error: whether, not which
  { protect: () => true },
];

export function instances(): AshAxiosInstance[] {
  return [
    ashAxios(axios.create({ baseURL: 'https://shop.example' })),
    ashAxios(axios.create(), { baseUrl: 'https://shop.example' }),
    // @ts-expect-error: an instance, not its configuration
    ashAxios({ baseURL: 'https://shop.example' }),
    // @ts-expect-error: an instance that nobody protected has no client
    axios.create(),
  ];
}

export const configurations: AxiosRequestConfig[] = [
  ashCall(),
  ashCall({ protect: false }),
  { timeout: 1_000, ...ashCall({ payload: 'raw' }) },
  // @ts-expect-error: the name of a chain is no call
  ashCall('checkout'),
];

export const answers: true[] = [
  true satisfies Same<ReturnType<typeof ashCall>, AxiosRequestConfig>,
  true satisfies Same<AshAxiosInstance['ash'], AshClient>,
];
