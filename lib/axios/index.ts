export { ashAxios, type AshAxiosInstance } from './ash-axios.js';
export { ashCall, type AshAxiosCall } from './call.js';
export type { AshAxiosOptions } from './options.js';
