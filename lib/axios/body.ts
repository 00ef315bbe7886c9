import { AshClientError } from '../client/index.js';
import { FORM_TYPE, mediaTypeOf, type AshPayloadKind } from '../core/media-type.js';
import { isTagged, isView } from './tag.js';

/** A body as axios has transformed it, ready for the client to prove and to encode. */
export interface AxiosBody {
  readonly body: NonNullable<RequestInit['body']> | undefined;
  /** The content type to send; `undefined` for none, or where the body brings its own. */
  readonly contentType: string | undefined;
}

const BYTES_TYPE = 'application/octet-stream';

/**
 * The body of a request and its content type.
 *
 * Bytes and Blobs that nobody gave a type go as `application/octet-stream` or by their own; axios would call them a form.
 *
 * @param data What axios would hand to its adapter.
 * @param contentType The content type of the headers, which axios sets to that of a form where nobody gave one.
 * @param kind How the route reads the body, where the call said it.
 * @throws AshClientError `ASH_CLIENT_BODY_UNSUPPORTED` for what can be neither hashed nor sent again.
 */
export function bodyOf(data: unknown, contentType: string | undefined, kind: AshPayloadKind | undefined): AxiosBody {
  // The adapters of axios send no body for any of these.
  if (!data) return { body: undefined, contentType: undefined };
  if (typeof data === 'string' || isTagged(data, 'URLSearchParams')) return { body: data, contentType };
  if (hasMethod(data, 'getHeaders')) {
    throw unsupported(
      "the form of the package 'form-data' is a stream: give the platform's FormData, and for postForm create the " +
        'instance with `env: { FormData }`',
    );
  }
  if (hasMethod(data, 'pipe') || hasMethod(data, 'getReader')) {
    throw unsupported('a stream can be neither hashed nor sent again: read it into bytes or a Blob first');
  }
  if (isTagged(data, 'FormData')) return { body: data, contentType: undefined };
  const isUntyped = kind !== 'form' && (contentType === undefined || mediaTypeOf(contentType) === FORM_TYPE);
  if (isTagged(data, 'Blob') || isTagged(data, 'File')) {
    return { body: data, contentType: isUntyped ? data.type || BYTES_TYPE : contentType };
  }
  if (isTagged(data, 'ArrayBuffer') || isView(data)) {
    return { body: data, contentType: isUntyped ? BYTES_TYPE : contentType };
  }
  throw unsupported(
    'what transformRequest gives has to be a text, bytes, a Blob, URLSearchParams or FormData, as for axios itself',
  );
}

function hasMethod(data: unknown, name: string): boolean {
  return typeof data === 'object' && data !== null && typeof Reflect.get(data, name) === 'function';
}

function unsupported(what: string): AshClientError {
  return new AshClientError('ASH_CLIENT_BODY_UNSUPPORTED', `The body cannot be proven: ${what}.`);
}
