const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const PLAIN_TYPE = { 'content-type': 'text/plain' };

const encode = (text) => new TextEncoder().encode(text);

const TRANSFER = { amount: 100, to: 'Zoë 🎿 "Cafe\u0301" | a=b&c+d%2F' };
/** Neither sorted nor compact, with an escape: another text than the canonical one. */
const TRANSFER_TEXT = `{ "to" : ${JSON.stringify(TRANSFER.to).replace('ë', '\\u00eb')}, "amount": 1.00e2 }`;
const TRANSFER_BYTES = encode(TRANSFER_TEXT);
const FORM_TEXT = new URLSearchParams({ to: TRANSFER.to, amount: '100' }).toString();

const OF_TRANSFER = {
  covers: 'json',
  runs: 'transfers',
  answer: { transferred: 100, to: TRANSFER.to },
  change: [/1\.00e2|100/, '900'],
};
const OF_FORM = { ...OF_TRANSFER, covers: 'form' };
const OF_LIMIT = {
  ...OF_TRANSFER,
  runs: 'limits',
  answer: { id: '4 2ü', limit: 100 },
};
const OF_REPORT = { covers: 'nothing', runs: 'reports' };
const OF_UPLOAD = { covers: 'raw', runs: 'uploads' };

const TEXT = 'plain text\r\nwith grüße, 日本語 and 🎿\n';
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);
const MEGABYTE = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31 + (index >> 8)) % 256);
const NUMBERS = Float64Array.of(0.1, -0, Number.MAX_VALUE);
const NO_BYTES = new Uint8Array();

const NAMED = [
  ['title', 'Zoë "quoted"\r\nnext line'],
  ['file', 'a b.bin'],
];

function formWithFile() {
  const form = new FormData();
  form.append('title', NAMED[0][1]);
  form.append('file', new File([EVERY_BYTE], NAMED[1][1], { type: 'application/x-special' }));
  return form;
}

function formWithoutFile() {
  const form = new FormData();
  form.append(...NAMED[0]);
  return form;
}

/** A call of `fetch` with this body, and one of `post`. */
const fetching =
  (path, init) =>
  (ash, { own }) =>
    ash.fetch(path, { method: 'POST', ...init(), ...own });
const posting =
  (path, body, options) =>
  (ash, { own }) =>
    ash.post(path, body(), { ...options, ...own });
const requesting =
  (path, init = () => ({})) =>
  (ash, { base, own }) =>
    ash.fetch(new Request(new URL(path, base), init()), own);

const json = [
  ['an object', posting('/transfer', () => TRANSFER)],
  ['a JSON text', fetching('/transfer', () => ({ headers: JSON_TYPE, body: TRANSFER_TEXT }))],
  ['a JSON text that is posted', posting('/transfer', () => TRANSFER_TEXT, { headers: JSON_TYPE })],
  ['JSON bytes', fetching('/transfer', () => ({ headers: JSON_TYPE, body: TRANSFER_BYTES }))],
  [
    'an ArrayBuffer of JSON',
    fetching('/transfer', () => ({ headers: JSON_TYPE, body: TRANSFER_BYTES.slice().buffer })),
  ],
  ['a Blob of JSON', fetching('/transfer', () => ({ body: new Blob([TRANSFER_BYTES], { type: 'application/json' }) }))],
  ['a Request with JSON', requesting('/transfer', () => ({ method: 'POST', headers: JSON_TYPE, body: TRANSFER_TEXT }))],
  [
    'a Request whose body the call replaces',
    (ash, { base, own }) => {
      const request = new Request(new URL('/transfer', base), {
        method: 'POST',
        headers: JSON_TYPE,
        body: '{"amount":1}',
      });
      return ash.fetch(request, { body: TRANSFER_TEXT, ...own });
    },
  ],
].map(([title, send]) => ({ title, send, ...OF_TRANSFER }));

const limits = [
  ['an object that is put', (ash, { own }) => ash.put('/accounts/4 2ü/limit', { limit: 100 }, own)],
  [
    'a Request that is put',
    requesting('/accounts/4%202%C3%BC/limit', () => ({ method: 'PUT', headers: JSON_TYPE, body: '{"limit": 100}' })),
  ],
].map(([title, send]) => ({ title, send, ...OF_LIMIT }));

const forms = [
  ['URLSearchParams', fetching('/transfer/form', () => ({ body: new URLSearchParams(FORM_TEXT) }))],
  ['URLSearchParams that are posted', posting('/transfer/form', () => new URLSearchParams(FORM_TEXT))],
  ['the text of a form', fetching('/transfer/form', () => ({ headers: FORM_TYPE, body: FORM_TEXT }))],
  ['the bytes of a form', fetching('/transfer/form', () => ({ headers: FORM_TYPE, body: encode(FORM_TEXT) }))],
  [
    'a Request with a form',
    requesting('/transfer/form', () => ({ method: 'POST', body: new URLSearchParams(FORM_TEXT) })),
  ],
].map(([title, send]) => ({ title, send, ...OF_FORM }));

const bytes = [
  ['a text', TEXT, fetching('/upload', () => ({ body: TEXT }))],
  ['a text that is posted', TEXT, posting('/upload', () => TEXT)],
  ['a text of a type of its own', TEXT, posting('/upload', () => TEXT, { headers: { 'content-type': 'text/csv' } })],
  ['a Blob', EVERY_BYTE, fetching('/upload', () => ({ body: new Blob([EVERY_BYTE], { type: 'image/png' }) }))],
  ['a Blob without a type', EVERY_BYTE, posting('/upload', () => new Blob([EVERY_BYTE]))],
  ['a slice of a Blob', EVERY_BYTE.subarray(7, 99), posting('/upload', () => new Blob([EVERY_BYTE]).slice(7, 99))],
  ['a File', EVERY_BYTE, posting('/upload', () => new File([EVERY_BYTE], 'a.bin', { type: 'application/x-special' }))],
  ['an ArrayBuffer', EVERY_BYTE, fetching('/upload', () => ({ body: EVERY_BYTE.slice().buffer }))],
  ['a part of an array of bytes', EVERY_BYTE.subarray(3, 77), posting('/upload', () => EVERY_BYTE.subarray(3, 77))],
  ['an array of doubles', new Uint8Array(NUMBERS.buffer), posting('/upload', () => NUMBERS)],
  ['a DataView', EVERY_BYTE.subarray(128, 255), posting('/upload', () => new DataView(EVERY_BYTE.buffer, 128, 127))],
  ['a Request with bytes', EVERY_BYTE, requesting('/upload', () => ({ method: 'POST', body: EVERY_BYTE }))],
  ['a megabyte', MEGABYTE, posting('/upload', () => MEGABYTE)],
  ['a Blob of a megabyte', MEGABYTE, posting('/upload', () => new Blob([MEGABYTE]))],
  ['JSON as raw bytes', '{"a":2,"b":1}', posting('/upload', () => ({ b: 1, a: 2 }), { payload: 'raw' })],
  ['an empty text', NO_BYTES, posting('/upload', () => '')],
  ['an empty Blob', NO_BYTES, posting('/upload', () => new Blob([]))],
  ['an empty ArrayBuffer', NO_BYTES, posting('/upload', () => new ArrayBuffer(0))],
  ['no body on a route of bytes', NO_BYTES, posting('/upload', () => undefined, { payload: 'raw' })],
].map(([title, expected, send]) => ({
  title,
  send,
  ...OF_UPLOAD,
  bytes: typeof expected === 'string' ? encode(expected) : expected,
}));

const multiparts = [
  ['a form with a file', NAMED, fetching('/upload', () => ({ body: formWithFile() }))],
  ['a form with a file that is posted', NAMED, posting('/upload', formWithFile)],
  ['FormData without a file', NAMED.slice(0, 1), posting('/upload', formWithoutFile)],
  ['a Request with a form with a file', NAMED, requesting('/upload', () => ({ method: 'POST', body: formWithFile() }))],
].map(([title, fields, send]) => ({ title, send, ...OF_UPLOAD, fields }));

const bodiless = [
  ['nothing but a path', {}, (ash, { own }) => ash.fetch('/report', own)],
  ['a URL', { a: '1' }, (ash, { base, own }) => ash.fetch(new URL('/report?a=1', base), own)],
  ['a GET', { a: ['1', 'é+ '], b: '|' }, (ash, { own }) => ash.get('/report?a=1&a=é%2B+&b=|', own)],
  ['a Request without a body', { a: '1' }, requesting('/report?a=1')],
  ['a null body', {}, fetching('/report', () => ({ method: 'GET', body: null }))],
].map(([title, answer, send]) => ({ title, send, ...OF_REPORT, answer }));

/** Every kind of body that `fetch` takes, each on a route of the shop. */
export const BODY_KINDS = [...json, ...limits, ...forms, ...bytes, ...multiparts, ...bodiless];

const bytesOf = async (body) => new Uint8Array(await new Response(body).arrayBuffer());

async function withAnotherField({ body, ...init }, { change: [from, to] }) {
  const text = new TextDecoder().decode(await bytesOf(body));
  return { ...init, body: text.replace(from, to) };
}

/** One bit, of a byte that leaves JSON what it is; nothing becomes a byte. */
async function withAnotherBit({ body, ...init }) {
  const changed = (await bytesOf(body)).slice();
  if (changed.length === 0) return { ...init, body: Uint8Array.of(0) };
  changed[Math.max(0, changed.length - 2)] ^= 1;
  return { ...init, body: changed };
}

function withType(init, type) {
  const headers = new Headers(init.headers);
  headers.delete('content-type');
  for (const [name, value] of Object.entries(type)) headers.set(name, value);
  return { ...init, headers };
}

/** What somebody on the way makes of a request that was proven. */
export const CHANGES = [
  { title: 'one of its fields', to: ['json', 'form'], code: 'ASH_INTEGRITY_FAILED', init: withAnotherField },
  { title: 'one of its bits', to: ['raw'], code: 'ASH_INTEGRITY_FAILED', init: withAnotherBit },
  {
    title: 'its body, which is taken away',
    to: ['json', 'form'],
    code: 'ASH_INTEGRITY_FAILED',
    init: (init) => withType({ ...init, body: null }, {}),
  },
  {
    title: 'its content type to that of a form',
    to: ['json'],
    // Its routes take forms too, and read another value of the same bytes.
    code: 'ASH_INTEGRITY_FAILED',
    init: (init) => withType(init, FORM_TYPE),
  },
  {
    title: 'its content type to that of a text',
    to: ['json', 'form'],
    code: 'ASH_UNSUPPORTED_CONTENT_TYPE',
    init: (init) => withType(init, PLAIN_TYPE),
  },
  {
    title: 'its content type to one that is read as bytes',
    to: ['json', 'form'],
    code: 'ASH_UNSUPPORTED_CONTENT_TYPE',
    init: (init) => withType(init, { 'content-type': 'application/octet-stream' }),
  },
  {
    title: 'its query',
    to: ['json', 'form', 'raw', 'nothing'],
    code: 'ASH_INTEGRITY_FAILED',
    url: (url) => `${url}${url.includes('?') ? '&' : '?'}added=1`,
  },
];

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (of) => hex(await crypto.subtle.digest('SHA-256', of));

/** Sends a body, and tells what left, what it should have been and what the handler says that it got. */
export async function observe(kind, ash, base) {
  let sent;
  const fetch = (url, init) => {
    sent = { body: init.body, type: new Headers(init.headers).get('content-type') };
    return globalThis.fetch(url, init);
  };
  const response = await kind.send(ash, { base, own: { fetch } });
  const observation = { status: response.status, answer: await response.json(), type: sent.type };
  if (kind.covers !== 'raw') return { ...observation, expected: kind.answer };
  const left = await bytesOf(sent.body);
  const expected = { bytes: left.length, sha256: await sha256(kind.bytes ?? left) };
  return { ...observation, expected, ...(kind.fields && { fields: await fieldsOf(left, sent.type) }) };
}

/** What a form with files says, read with the boundary that its content type names. */
async function fieldsOf(body, type) {
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  return [...form].map(([name, value]) => [name, typeof value === 'string' ? value : value.name]);
}

/** Sends a body that is changed each time after it was proven, and tells how that ended. */
export async function observeChange(kind, change, ash, base) {
  let sendings = 0;
  const fetch = async (url, init) => {
    sendings += 1;
    const changed = change.init === undefined ? init : await change.init(init, kind);
    return globalThis.fetch(change.url === undefined ? url : change.url(url), changed);
  };
  try {
    const { status } = await kind.send(ash, { base, own: { fetch } });
    return { status, sendings };
  } catch (error) {
    return { code: error.code, mayHaveRun: error.mayHaveRun, sendings };
  }
}
