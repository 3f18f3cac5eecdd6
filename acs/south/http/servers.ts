// The HTTP servers of a listener, one for each address: opened, watched for overload, renewed and closed together.
import type { Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { AdmissionLimits } from '../admission/admission.ts';
import { limitConnections } from '../admission/connection-limit.ts';
import { createHttpServer, type HttpServerOptions } from './server.ts';
import { type ListenTls, renewServer, setTicketKey } from './tls-options.ts';

export interface CwmpServersOptions extends HttpServerOptions {
  /** They bound the connections of each server. */
  limits: AdmissionLimits;
}

export class CwmpServers {
  readonly #options: CwmpServersOptions;
  readonly #overloadSignals: (() => boolean)[] = [];
  readonly #servers: { instance: FastifyInstance; tls: ListenTls | undefined }[] = [];
  #ticketKey: Buffer | undefined;

  constructor(options: CwmpServersOptions) {
    this.#options = options;
  }

  /** A server that is ready to listen. @param addRoutes called before it is */
  async open(tls: ListenTls | undefined, addRoutes: (instance: FastifyInstance) => void): Promise<FastifyInstance> {
    const instance = createHttpServer(this.#options, tls, this.#ticketKey);
    this.#overloadSignals.push(limitConnections(instance.server, this.#options.limits, this.#options));
    addRoutes(instance);
    await instance.ready();
    this.#servers.push({ instance, tls });
    return instance;
  }

  all(): Server[] {
    return this.#servers.map(({ instance }) => instance.server);
  }

  /** Connections are scarce at one of the servers. */
  isOverloaded(): boolean {
    return this.#overloadSignals.some(isFull => isFull());
  }

  renew(certificates: ListenTls['certificates']): void {
    for (const { instance, tls } of this.#servers)
      if (tls) renewServer(instance.server, certificates, tls, this.#ticketKey);
  }

  useTicketKey(key: Buffer): void {
    this.#ticketKey = key;
    for (const { instance } of this.#servers) setTicketKey(instance.server, key);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(({ instance }) => instance.close()));
  }
}
