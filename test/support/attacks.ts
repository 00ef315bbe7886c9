import { sign, type Signing } from './proof.js';
import type { Attack } from './test-app.js';

/** Sends another body. */
export function body(text: string | Uint8Array): Attack {
  return (draft) => {
    draft.body = text;
  };
}

/** Sends no body, and no type of one. */
export const withoutBody: Attack = (draft) => {
  draft.body = undefined;
  delete draft.headers['content-type'];
};

/** Sends another request target. */
export function path(target: string): Attack {
  return (draft) => {
    draft.path = target;
  };
}

/** Sends another method. */
export function method(name: string): Attack {
  return (draft) => {
    draft.method = name;
  };
}

/** Sends another header; a list sends it as often. */
export function header(name: string, value: string | string[] | ((text: string) => string | string[])): Attack {
  return ({ headers }) => {
    headers[name] = typeof value === 'function' ? value(String(headers[name])) : value;
  };
}

/** Names another type of the body. */
export function contentType(type: string): Attack {
  return header('content-type', type);
}

/** Leaves headers out. */
export function without(...names: readonly string[]): Attack {
  return ({ headers }) => {
    for (const name of names) Reflect.deleteProperty(headers, name);
  };
}

/** Proves the request anew with its own context: what a client can do that keeps to other rules. */
export function proven(signing: Signing = {}): Attack {
  return (draft, { plan, context, previousProof }) => {
    sign(context, draft, { payload: plan.payload, previousProof, ...signing });
  };
}

/** Does one thing after the other. */
export function all(...attacks: readonly Attack[]): Attack {
  return async (draft, honest) => {
    for (const attack of attacks) await attack(draft, honest);
  };
}
