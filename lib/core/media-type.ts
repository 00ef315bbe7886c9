/**
 * How a body is read: as JSON, as a form, or as its bytes. The route of the server decides it, and the client reads the
 * body as the route does.
 *
 * Source: protocol, section 3.
 */
export type AshPayloadKind = 'json' | 'form' | 'raw';

export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Whether a content type, with or without parameters, is JSON. */
export function isJsonType(contentType: string | null | undefined): boolean {
  const type = mediaTypeOf(contentType);
  return type === JSON_TYPE || type.endsWith('+json');
}

/** How a server reads a body of a content type. */
export function payloadKindOf(contentType: string | null | undefined): AshPayloadKind {
  if (isJsonType(contentType)) return 'json';
  return mediaTypeOf(contentType) === FORM_TYPE ? 'form' : 'raw';
}

/** The media type of a content type: in lower case, without parameters; empty for none. */
export function mediaTypeOf(contentType: string | null | undefined): string {
  if (contentType === JSON_TYPE) return JSON_TYPE;
  const [type = ''] = (contentType ?? '').split(';');
  return type.trim().toLowerCase();
}
