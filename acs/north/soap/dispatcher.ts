// The server of the soap package. It finds the operation of a call by the description and frames the answer. Arguments and results do not
// pass through it: it trims texts, takes "abc" for a number and lets unknown elements pass (docs/decisions/0011-soap-package.md).
import type { Server } from 'soap';
import { UserError } from '../../errors.ts';
import type { Operation } from '../operation.ts';
import { faultText } from './faults.ts';
import { NAMESPACE, PORT, SERVICE } from './namespace.ts';
import { bareWsdlOf } from './wsdl.ts';

/** Makes the element of the answer. */
type Work = () => Promise<string>;

/** As much of the package's request as its services see. */
interface DispatchedRequest {
  connection: object;
}

interface DispatchedAnswer {
  xml: string;
  /** The fault of the answer. */
  error?: UserError;
}

export class Dispatcher {
  readonly #operations: readonly Operation[];
  readonly #calls = new WeakMap<object, Work>();
  readonly #errors = new WeakMap<object, UserError>();
  #server: Promise<Server> | undefined;

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
  }

  /** @param work throws UserErrors alone */
  async dispatch({ name }: Operation, work: Work): Promise<DispatchedAnswer> {
    this.#server ??= this.#begin();
    const server = await this.#server;
    const connection = {};
    this.#calls.set(connection, work);
    const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><t:${name} xmlns:t="${NAMESPACE}"/></s:Body></s:Envelope>`;
    const { body } = await server.processRequest(envelope, { connection });
    const error = this.#errors.get(connection);
    return error ? { xml: body, error } : { xml: body };
  }

  /** The package is loaded with the first call: that takes a fifth of a second. */
  async #begin(): Promise<Server> {
    const { createServerless } = await import('soap');
    const method = async (_args: unknown, _callback: unknown, _headers: unknown, request: unknown): Promise<object> =>
      await this.#answer((request as DispatchedRequest).connection);
    const methods = Object.fromEntries(this.#operations.map(({ name }) => [name, method]));
    return await new Promise<Server>((resolve, reject) => {
      const callback = (error: unknown, server: Server): void => {
        if (error) reject(error as Error);
        else resolve(server);
      };
      const services = { [SERVICE]: { [PORT]: methods } };
      void createServerless({
        path: '/soap',
        services,
        xml: bareWsdlOf(this.#operations),
        suppressStack: true,
        callback,
      });
    });
  }

  async #answer(connection: object): Promise<object> {
    const work = this.#calls.get(connection);
    try {
      if (!work) throw new UserError(500, 'internal', 'the call has no work');
      return { _xml: await work() };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#errors.set(connection, error);
      throw { Fault: { faultcode: '', _xml: faultText(error) } };
    }
  }
}
