/** The body of an answer that is read once: of the platform, or of Node. */
export type BodyStream = ReadableStream<Uint8Array<ArrayBuffer>> | NodeStream;

interface NodeStream extends AsyncIterable<Chunk> {
  readonly pipe: unknown;
  readonly constructor: { readonly from: (chunks: Chunk[], options: { readonly objectMode: boolean }) => unknown };
}

type Chunk = Uint8Array<ArrayBuffer> | string;

/** Whether a value is a stream. */
export function isStream(value: unknown): value is BodyStream {
  return typeof value === 'object' && value !== null && (isOfPlatform(value) || 'pipe' in value);
}

/** Reads a stream to its end, and gives another one of its kind in its place. */
export async function readStream(stream: BodyStream): Promise<{ bytes: ArrayBuffer; again: unknown }> {
  if (isOfPlatform(stream)) {
    const bytes = await new Response(stream).arrayBuffer();
    return { bytes, again: new Response(bytes).body };
  }
  const chunks: Chunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const bytes = await new Blob(chunks).arrayBuffer();
  // Every class of streams that Node has makes one of chunks, so that Node's module need not be imported for it.
  return { bytes, again: stream.constructor.from([new Uint8Array(bytes)], { objectMode: false }) };
}

function isOfPlatform(value: object): value is ReadableStream<Uint8Array<ArrayBuffer>> {
  return 'getReader' in value;
}
