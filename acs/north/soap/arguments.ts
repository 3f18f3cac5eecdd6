// The arguments of a call: its element, read by the request type of the operation, as the path, the query and the body of REST.
import { Readable } from 'node:stream';
import type { XmlElement } from '../../../shared/xml/element.ts';
import type { OperationRequest } from '../carry-out.ts';
import { checkedBody } from '../input.ts';
import type { IncomingBytes, Operation } from '../operation.ts';
import { decode, wrongAt } from './decode.ts';
import { messagesOf, type RequestField } from './messages.ts';

type Values = Record<string, unknown>;

/** Unreadable arguments are refused where REST would refuse them: once the rights allow the operation. */
export function argumentsOf(
  operation: Operation,
  element: XmlElement,
): Pick<OperationRequest, 'params' | 'query' | 'body' | 'contentType' | 'conditions'> {
  const { request } = messagesOf(operation);
  let values: Values;
  try {
    values = decode(request, element, operation.name) as Values;
  } catch (error) {
    const refuse = (): never => {
      throw error;
    };
    return { params: {}, query: refuse, body: refuse, contentType: '' };
  }
  const at = (place: RequestField['place']): Values =>
    Object.fromEntries(
      request.fields.flatMap(field =>
        field.place === place && Object.hasOwn(values, field.name) ? [[field.property, values[field.name]]] : [],
      ),
    );
  const { csv } = at('csv');
  return {
    params: at('path') as Record<string, string>,
    query: () => at('query'),
    conditions: at('condition'),
    contentType: csv === undefined ? 'application/json' : 'text/csv',
    body: async () => await bodyFrom(operation, at),
  };
}

/** @throws UserError 400 */
async function bodyFrom(operation: Operation, at: (place: RequestField['place']) => Values): Promise<unknown> {
  const { body, name } = operation;
  if (body === undefined) return undefined;
  if (body === 'bytes') {
    const content = at('bytes').content as Buffer;
    return { content: Readable.from([content]), announced: content.length } satisfies IncomingBytes;
  }
  const { csv } = at('csv');
  const { body: whole } = at('whole');
  const value = whole ?? at('body');
  const isEmpty = whole === undefined && Object.keys(value as Values).length === 0;
  if (csv !== undefined && !isEmpty) throw wrongAt(name, 'has csv beside other fields of the body');
  if (csv !== undefined) return csv;
  if (isEmpty && body.optional) return undefined;
  return await checkedBody(body, value);
}
