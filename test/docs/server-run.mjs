import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Server } from 'node:net';
import { provide, provideOfPart } from './reader.mjs';
import { runModule } from './run-example.mjs';

/** Where Fastify tells of each application that is made. */
const FASTIFY_MADE = 'fastify.initialization';

const ADDRESS = 'http://127.0.0.1:3000';
/** How the examples listen, and how they do it here: on a free port of the loopback. */
const LISTENING = [
  [/\blisten\(3000\)/g, "listen(0, '127.0.0.1')"],
  [/\blisten\(\{ port: 3000 \}\)/g, "listen({ port: 0, host: '127.0.0.1' })"],
];

/** Runs the examples of a document in their order: one that listens is the server of those below it. */
export class ServerRun {
  #server;
  #url = ADDRESS;

  /** Runs an example, and answers the lines that it printed. */
  async run({ code }) {
    const local = LISTENING.reduce((text, [given, here]) => text.replace(given, here), code);
    if (local === code) return runModule(code.replaceAll(ADDRESS, this.#url), provide(this.#url));
    await this.end();
    const servers = [];
    const { listen } = Server.prototype;
    Server.prototype.listen = function (...args) {
      servers.push(this);
      return listen.apply(this, args);
    };
    const takeAway = provide(ADDRESS);
    const printed = await runModule(local, () => (takeAway(), (Server.prototype.listen = listen)));
    const [server] = servers;
    if (!server.listening) await once(server, 'listening');
    this.#server = server;
    this.#url = `http://127.0.0.1:${server.address().port}`;
    return printed;
  }

  /** Ends the server that runs, if one does. */
  async end() {
    if (this.#server === undefined) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    this.#server = undefined;
  }
}

/** Sets a part of a server up, in an application of its own or in one that it makes, until it could take requests. */
export async function setUpPart({ code, partOf }) {
  const applications = [];
  const take = ({ fastify }) => void applications.push(fastify);
  subscribe(FASTIFY_MADE, take);
  try {
    await runModule(code, provideOfPart(partOf));
    for (const application of applications) await application.ready();
  } finally {
    unsubscribe(FASTIFY_MADE, take);
    for (const application of applications) await application.close();
  }
}
