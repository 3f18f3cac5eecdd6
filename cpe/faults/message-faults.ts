// Faults of the messages of a unit: what makers of an ACS meet in the field and want to see again on purpose.
import type { HttpRequest } from '../../shared/net/http.ts';
import type { UnitFaults } from './unit-faults.ts';

/** Values that a unit with `bloat` adds to an answer. */
const UNASKED = 1000;

const unasked = Array.from(
  { length: UNASKED },
  (_, at) =>
    `<ParameterValueStruct><Name>Device.X_Unasked.${at + 1}</Name><Value xsi:type="xsd:string">x</Value></ParameterValueStruct>`,
).join('');

/** The request as the unit sends it; only answers to RPCs of the ACS are spoiled. */
export function spoiled(request: HttpRequest, faults: UnitFaults): HttpRequest {
  const { body } = request;
  if (typeof body !== 'string' || !body.includes('Response>')) return request;
  // A control character is no XML, in any escaped form.
  if (faults.strikes('poison')) return { ...request, body: body.replace('</soap-env:Body>', '\u0001</soap-env:Body>') };
  if (body.includes('<cwmp:GetParameterValuesResponse>') && faults.strikes('bloat'))
    return { ...request, body: body.replace('</ParameterList>', `${unasked}</ParameterList>`) };
  return request;
}

/** The empty POST of a unit that has not noticed that its session is over. */
export function emptyPost(request: HttpRequest): HttpRequest {
  const headers = Object.entries(request.headers).filter(([name]) => !/^(content-type|soapaction)$/i.test(name));
  return { ...request, headers: Object.fromEntries(headers), body: '' };
}

/** An order to take a new login at the ACS. */
export function setsLogin(method: string, args: Readonly<Record<string, unknown>>): boolean {
  if (method !== 'SetParameterValues' || !Array.isArray(args.ParameterList)) return false;
  return args.ParameterList.some(({ Name }: { Name?: unknown }) =>
    /\.(ManagementServer|X_0090F8_Cwmp)\.(Username|Password)$/.test(String(Name)),
  );
}
