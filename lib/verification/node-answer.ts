/** Node's own response, as far as a verification needs it. */
export interface NodeAnswer {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** What the response of HTTP/2 has in the place of those two. */
  readonly stream?: { readonly destroyed: boolean } | undefined;
  setHeader(name: string, value: string): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Whether nobody is there any more for an answer, or it is out as a whole. */
export function isGone({ closed, destroyed, stream }: Pick<NodeAnswer, 'closed' | 'destroyed' | 'stream'>): boolean {
  return closed || destroyed || stream?.destroyed === true;
}

const FIRST_FAILURE = 400;

/** Whether a step that was answered with a status has failed. Source: protocol, section 9. */
export function isFailure(status: number): boolean {
  return status >= FIRST_FAILURE;
}
