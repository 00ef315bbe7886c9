import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AshIssuedContext } from 'nestjs-ash/core';
import type { AshContextStore } from 'nestjs-ash/server';
import { begin, copyOf, send, sendBytes, type Answer, type Draft, type PendingRequest } from './http.js';
import { sign, type PayloadKind, type Signing } from './proof.js';

/** The routers that every suite runs on: Nest's adapters, or frameworks of their own. */
export const ADAPTERS = ['express', 'fastify'] as const;

/** One of {@link ADAPTERS}. */
export type Adapter = (typeof ADAPTERS)[number];

/** How often each kind of handler ran. */
export type Ledger = Readonly<Record<string, number>>;

/** An application that listens, on whichever framework. */
export interface ListeningApp {
  readonly server: Server;
  readonly store: AshContextStore;
  /** What ran so far. */
  readonly readLedger: () => Ledger;
  /** Its global prefix, such as `/api`. */
  readonly prefix?: string | undefined;
  close(): Promise<unknown>;
}

/** A request that an honest client would send. */
export interface Plan {
  /** The binding to ask a context for, `POST /transfer`. */
  readonly binding: string;
  /** The request target; default the path of the binding. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** How the route reads the body; default by its content type. */
  readonly payload?: PayloadKind;
  /** What the ledger counts when the handler runs. */
  readonly runs: string;
  /** The steps of the chain before it. */
  readonly after?: readonly Plan[];
}

/** A plan that is proven and ready to be sent. */
export interface Honest {
  readonly plan: Plan;
  readonly context: AshIssuedContext;
  readonly draft: Draft;
  readonly proof: string;
  /** The proof of the step before, on a route that follows one. */
  readonly previousProof: string | undefined;
}

/** An application under test that listens on a port of its own, with a client that can be dishonest. */
export class TestApp {
  readonly server: Server;
  /** Where its contexts are kept. */
  readonly store: AshContextStore;
  private readonly port: number;

  constructor(private readonly app: ListeningApp) {
    this.server = app.server;
    this.store = app.store;
    this.port = (app.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  send(draft: Draft): Promise<Answer> {
    return send(this.port, draft);
  }

  /** Sends a request byte for byte: see {@link sendBytes}. */
  sendBytes(draft: Draft): Promise<Answer> {
    return sendBytes(this.port, draft);
  }

  /** Sends a request that can be given up before its answer. */
  begin(draft: Draft): PendingRequest {
    return begin(this.port, draft);
  }

  get(path: string): Promise<Answer> {
    return this.send({ method: 'GET', path, headers: {}, body: undefined });
  }

  /** Asks the context endpoint. */
  ask(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.send({
      method: 'POST',
      path: `${this.app.prefix ?? ''}/ash/context`,
      headers: { ...type, ...headers },
      body: text,
    });
  }

  /** A context for a binding. */
  async context(binding: string, headers: Readonly<Record<string, string>> = {}): Promise<AshIssuedContext> {
    const answer = await this.ask({ binding }, headers);
    if (answer.status !== 200) throw new Error(`No context for '${binding}': ${answer.status} ${answer.text}`);
    return answer.body as AshIssuedContext;
  }

  /** Takes the steps before a plan, asks for its context and proves it. */
  async prepare(plan: Plan, signing: Signing = {}): Promise<Honest> {
    const previousProof = signing.previousProof ?? (await this.walk(plan.after ?? []));
    const context = await this.context(plan.binding, identityOf(plan));
    const draft = draftOf(plan);
    const proof = sign(context, draft, { payload: plan.payload, ...signing, previousProof });
    return { plan, context, draft, proof, previousProof };
  }

  /** Prepares a plan and sends it. */
  async pass(plan: Plan, signing: Signing = {}): Promise<Answer> {
    return this.send((await this.prepare(plan, signing)).draft);
  }

  /** Takes steps of a chain one after the other, and gives the proof of the last. */
  async walk(steps: readonly Plan[], previousProof?: string): Promise<string | undefined> {
    let proof = previousProof;
    for (const step of steps) {
      const honest = await this.prepare({ ...step, after: [] }, { previousProof: proof });
      const { status, text } = await this.send(honest.draft);
      if (status >= 400) throw new Error(`${step.binding} did not pass: ${status} ${text}`);
      proof = honest.proof;
    }
    return proof;
  }

  /** What ran while something was done. */
  async ranDuring(act: () => Promise<unknown>): Promise<Ledger> {
    const before = { ...this.app.readLedger() };
    await act();
    const counts = Object.entries(this.app.readLedger()).map(
      ([kind, count]) => [kind, count - (before[kind] ?? 0)] as const,
    );
    return Object.fromEntries(counts.filter(([, count]) => count !== 0));
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}

/** The request of a plan, unproven. */
export function draftOf({ binding, path, headers = {}, body }: Plan): Draft {
  const [method = '', declared = ''] = binding.split(' ');
  return { method, path: path ?? declared, headers: { ...headers }, body };
}

/** Who sends a request also asks for its context. */
function identityOf({ headers = {} }: Plan): Readonly<Record<string, string>> {
  const user = headers['x-user'];
  return user === undefined ? {} : { 'x-user': user };
}

/** What came of an attack, and of the honest request that it was made from. */
export interface Outcome {
  readonly attack: { readonly status: number; readonly code: string | undefined; readonly ran: Ledger };
  readonly honest: { readonly passed: boolean; readonly ran: Ledger };
}

/** Changes a request that was proven, or makes another of it. */
export type Attack = (draft: Draft, honest: Honest) => void | Promise<void>;

/** Plays an attack on a proven request, and then sends that request as it was. */
export async function play(
  app: TestApp,
  plan: Plan,
  attack: Attack,
  how: 'send' | 'sendBytes' = 'send',
): Promise<Outcome> {
  const honest = await app.prepare(plan);
  const draft = copyOf(honest.draft);
  await attack(draft, honest);
  let refused: Answer | undefined;
  const ranByAttack = await app.ranDuring(async () => {
    refused = await app[how](draft);
  });
  let passed: Answer | undefined;
  const ranByHonest = await app.ranDuring(async () => {
    passed = await app.send(honest.draft);
  });
  return {
    attack: { status: refused?.status ?? 0, code: refused?.code, ran: ranByAttack },
    honest: { passed: passed !== undefined && passed.status < 400, ran: ranByHonest },
  };
}

/** The attack was refused, nothing ran, and the honest request passed and ran once. */
export function harmless(plan: Plan, status: number, code?: string): Outcome {
  return { attack: { status, code, ran: {} }, honest: { passed: true, ran: { [plan.runs]: 1 } } };
}
