/** @throws TypeError for what is neither a text nor bytes. */
export function checkData(method: string, data: unknown): string | Uint8Array {
  if (typeof data === 'string' || isBytes(data)) return data;
  throw new TypeError(`${method} takes a text or a Uint8Array, not ${nameOf(data)}.`);
}

/** @throws TypeError for what is not bytes. */
export function checkMessage(method: string, message: unknown): Uint8Array {
  if (isBytes(message)) return message;
  throw new TypeError(`${method} takes the message as a Uint8Array, not ${nameOf(message)}.`);
}

/** @throws TypeError for what is no purpose: an empty one would be none. */
export function checkPurpose(method: string, bound: unknown): string {
  if (typeof bound === 'string' && bound !== '') return bound;
  throw new TypeError(`${method} takes the purpose as a text that is not empty; for none there is encryptMessage.`);
}

/** Bytes of any realm, such as those of another window. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return 'a text: decode it, for example from base64, first';
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]')
    return 'an ArrayBuffer: wrap it with new Uint8Array(buffer)';
  return Object.prototype.toString.call(value).slice(8, -1);
}
