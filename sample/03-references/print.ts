/** Where a sample says what it sees. */
export type Print = (line: string) => void;

/** An answer in a line: its status, and the code where it is a refusal. */
export async function lineOf(answer: Response): Promise<string> {
  const body: unknown = await answer.json();
  const isRefusal = typeof body === 'object' && body !== null && 'code' in body;
  return `${answer.status} ${isRefusal ? String(body.code) : JSON.stringify(body)}`;
}
