interface Tagged {
  readonly ArrayBuffer: ArrayBuffer;
  readonly Blob: Blob;
  readonly File: Blob;
  readonly FormData: FormData;
  readonly Object: object;
  readonly Response: Response;
  readonly URLSearchParams: URLSearchParams;
}

/**
 * Whether a value is of a class of the platform. By tag and not by `instanceof`: a frame, a worker or the environment of a
 * test brings classes of its own.
 */
export function isTagged<Tag extends keyof Tagged>(value: unknown, tag: Tag): value is Tagged[Tag] {
  return Object.prototype.toString.call(value) === `[object ${tag}]`;
}

/** Whether a value is bytes in a view, such as a Buffer. */
export function isView(value: unknown): value is Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(value);
}
