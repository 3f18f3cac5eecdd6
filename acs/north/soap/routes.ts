// SOAP over HTTP: the description, and the calls. Each is judged, carried out and noted in the audit as a call of REST is.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../../shared/log.ts';
import { UserError } from '../../errors.ts';
import { Caller } from '../../fleet/access/caller.ts';
import type { Audit } from '../audit.ts';
import { originOf, type PrincipalOf } from '../authentication.ts';
import { carryOut, knownError } from '../carry-out.ts';
import type { OperationContext, OperationOutput } from '../operation.ts';
import { operations } from '../operations.ts';
import { isSecureRequest } from '../session-cookie.ts';
import { answerText } from './answer.ts';
import { argumentsOf } from './arguments.ts';
import { Dispatcher } from './dispatcher.ts';
import { faultEnvelope, statusOfFault } from './faults.ts';
import { readCall, type SoapCall } from './request.ts';
import { LOCATION, wsdlOf } from './wsdl.ts';

export interface SoapOptions extends OperationContext {
  log: Log;
  principalOf: PrincipalOf;
}

interface SoapParts {
  options: SoapOptions;
  audit: Audit;
  /** Notes that the sender of the request has shown who it is. */
  prove: (request: FastifyRequest) => void;
}

const XML = 'text/xml; charset=utf-8';

export function registerSoap(app: FastifyInstance, parts: SoapParts): void {
  const endpoint = new SoapEndpoint(parts);
  app.register(async soap => {
    soap.removeAllContentTypeParsers();
    // The body is read once its sender is known, as far as the headers show that.
    soap.addContentTypeParser('*', (_request, _body, done) => done(null, undefined));
    soap.get('/soap', async (request, reply) => reply.type(XML).send(endpoint.describe(request)));
    soap.post('/soap', async (request, reply) => await endpoint.answer(request, reply));
  });
}

class SoapEndpoint {
  readonly #parts: SoapParts;
  readonly #dispatcher = new Dispatcher(operations);
  #description: string | undefined;

  constructor(parts: SoapParts) {
    this.#parts = parts;
  }

  /** The description is no secret: it is the same on every server. */
  describe(request: FastifyRequest): string {
    const names = Object.keys(request.query as object).map(name => name.toLowerCase());
    if (!names.includes('wsdl'))
      throw new UserError(404, 'no-such-call', 'GET /soap?wsdl has the description; calls are sent by POST');
    this.#description ??= wsdlOf(operations);
    return this.#description.replace(LOCATION, locationFor(request));
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { options, prove } = this.#parts;
    const logins = { principalOf: options.principalOf, access: options.fleet.access };
    try {
      const call = await readCall(request, logins, () => prove(request));
      const { xml, output, error } = await this.#carryOut(call, request);
      if (error) return this.#refuse(request, reply, error, xml);
      const cookie = output?.headers?.['set-cookie'];
      if (cookie) void reply.headers({ 'set-cookie': cookie, 'cache-control': 'no-store' });
      return reply.type(XML).send(xml);
    } catch (failure) {
      // Discards the rest of a refused body.
      request.raw.resume();
      const error = this.#known(failure, request);
      return this.#refuse(request, reply, error, faultEnvelope(error));
    }
  }

  async #carryOut(
    { operation, element, caller }: SoapCall,
    request: FastifyRequest,
  ): Promise<{ xml: string; error?: UserError; output?: OperationOutput | undefined }> {
    const { options } = this.#parts;
    const { principal, session } = caller;
    const origin = originOf(request, session);
    const asked = { ...argumentsOf(operation, element), caller: new Caller(options, principal), origin };
    let output: OperationOutput | undefined;
    const dispatched = await this.#dispatcher.dispatch(operation, async () => {
      try {
        output = await carryOut(operation, asked, this.#parts);
        return await answerText(operation, output);
      } catch (failure) {
        throw this.#known(failure, request);
      }
    });
    return { ...dispatched, output };
  }

  #refuse(request: FastifyRequest, reply: FastifyReply, error: UserError, xml: string): FastifyReply {
    if (error.status === 401) void reply.header('www-authenticate', 'Basic realm="Tandem", Bearer');
    return reply
      .code(statusOfFault(error, isAlways500(request)))
      .type(XML)
      .send(xml);
  }

  /** A bug is logged, and told as such alone. */
  #known(error: unknown, { url }: FastifyRequest): UserError {
    const known = knownError(error);
    if (!known) this.#parts.options.log.error('SOAP call failed', { url, error });
    return known ?? new UserError(500, 'internal', 'internal error; see the log of the ACS');
  }
}

const isAlways500 = ({ query }: FastifyRequest): boolean => (query as Record<string, unknown>).faults === '500';

/** The address by which the client has come. */
function locationFor(request: FastifyRequest): string {
  const { host } = request.headers;
  const isPlain = host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host);
  const base = isPlain ? `${isSecureRequest(request) ? 'https' : 'http'}://${host}/soap` : LOCATION;
  return isAlways500(request) ? `${base}?faults=500` : base;
}
