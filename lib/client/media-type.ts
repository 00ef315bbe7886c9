/**
 * How a body is read: as JSON, as a form, or as its bytes. The route of the server decides it; the client has to read
 * the body as the route does.
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

function mediaTypeOf(contentType: string | null | undefined): string {
  const [type = ''] = (contentType ?? '').split(';');
  return type.trim().toLowerCase();
}
