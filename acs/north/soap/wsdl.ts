// The description of the SOAP interface, made from the table of operations: WSDL 1.1, document/literal wrapped, with one schema.
import { escapeText } from '../../../shared/xml/write.ts';
import type { Operation } from '../operation.ts';
import { capital, documentation, element, type Lines } from './lines.ts';
import { messagesOf } from './messages.ts';
import { namedShapes } from './named-shapes.ts';
import { actionOf, NAMESPACE, PORT, SERVICE } from './namespace.ts';
import { TypeNames } from './type-names.ts';
import { TypeText } from './type-text.ts';
import type { FieldsType } from './xml-type.ts';

/** The address in the description that is committed. */
export const LOCATION = 'http://127.0.0.1:8080/soap';

export const wsdlOf = (operations: readonly Operation[]): string => definitions(operations, typesOf(operations));

/** The same without the types: as much as it takes to tell the operations apart. */
export const bareWsdlOf = (operations: readonly Operation[]): string =>
  definitions(operations, [...operations.flatMap(bareRoots), ...bareElement('problem')]);

const bareElement = (name: string): string[] => element('xs:element', { name }, element('xs:complexType', {}));
const bareRoots = ({ name }: Operation): string[] => [name, `${name}Response`].flatMap(bareElement);

/** @param types the lines within the schema */
function definitions(operations: readonly Operation[], types: Lines): string {
  const names = operations.map(({ name }) => name);
  const schema = element('xs:schema', { targetNamespace: NAMESPACE, elementFormDefault: 'qualified' }, types);
  const given = {
    name: SERVICE,
    targetNamespace: NAMESPACE,
    'xmlns:t': NAMESPACE,
    'xmlns:wsdl': 'http://schemas.xmlsoap.org/wsdl/',
    'xmlns:soap': 'http://schemas.xmlsoap.org/wsdl/soap/',
    'xmlns:xs': 'http://www.w3.org/2001/XMLSchema',
  };
  const port = element(
    'wsdl:port',
    { name: PORT, binding: `t:${PORT}Binding` },
    element('soap:address', { location: LOCATION }),
  );
  const lines = element('wsdl:definitions', given, [
    ...element('wsdl:types', {}, schema),
    ...names.flatMap(name => [...message(name, name), ...message(`${name}Response`, `${name}Response`)]),
    ...message('Problem', 'problem'),
    ...element('wsdl:portType', { name: PORT }, operations.flatMap(portOperation)),
    ...element('wsdl:binding', { name: `${PORT}Binding`, type: `t:${PORT}` }, [
      ...element('soap:binding', { style: 'document', transport: 'http://schemas.xmlsoap.org/soap/http' }),
      ...names.flatMap(boundOperation),
    ]),
    ...element('wsdl:service', { name: SERVICE }, port),
  ]);
  return `<?xml version="1.0" encoding="utf-8"?>\n${lines.join('\n')}\n`;
}

const message = (name: string, root: string): string[] =>
  element('wsdl:message', { name }, element('wsdl:part', { name: 'parameters', element: `t:${root}` }));

const portOperation = ({ name, summary, role, isOpen }: Operation): string[] => {
  const text = `${summary}. ${isOpen ? 'Needs no login' : `Role: ${role}`}.`;
  return element('wsdl:operation', { name }, [
    `<wsdl:documentation>${escapeText(text)}</wsdl:documentation>`,
    ...element('wsdl:input', { message: `t:${name}` }),
    ...element('wsdl:output', { message: `t:${name}Response` }),
    ...element('wsdl:fault', { name: 'problem', message: 't:Problem' }),
  ]);
};

const boundOperation = (name: string): string[] => {
  const literal = element('soap:body', { use: 'literal' });
  return element('wsdl:operation', { name }, [
    ...element('soap:operation', { soapAction: actionOf(name), style: 'document' }),
    ...element('wsdl:input', {}, literal),
    ...element('wsdl:output', {}, literal),
    ...element('wsdl:fault', { name: 'problem' }, element('soap:fault', { name: 'problem', use: 'literal' })),
  ]);
};

/** An element for each request and answer, and the types that they lead to. */
function typesOf(operations: readonly Operation[]): string[] {
  const names = new TypeNames(namedShapes);
  const text = new TypeText(names);
  const roots = operations.flatMap(operation => {
    const { request, answer } = messagesOf(operation);
    const { name } = operation;
    return [
      ...element('xs:element', { name }, text.fields(request, {}, capital(name), false)),
      ...element('xs:element', { name: `${name}Response` }, text.fields(answer, {}, capital(name), isText(answer))),
    ];
  });
  const types: string[] = [];
  // A type that is written may lead to further ones, which the names hand out behind it.
  for (const [name, type] of names.declared) types.push(...text.declared(name, type));
  return [...roots, ...problem, ...text.any(), ...types];
}

/** Clients take the result out of a wrapper without attributes; only one that is a text itself may need to be escaped. */
const isText = ({ fields }: FieldsType): boolean =>
  fields.some(({ name, type }) => name === 'result' && (type.kind === 'simple' || type.kind === 'scalars'));

const part = (name: string, type: string, isOptional: boolean, about?: string): string[] =>
  element('xs:element', { name, type, minOccurs: isOptional ? '0' : undefined }, documentation(about));

const problem: Lines = element(
  'xs:element',
  { name: 'problem' },
  element('xs:complexType', {}, [
    ...documentation('The detail of a fault: the problem document of REST'),
    ...element('xs:sequence', {}, [
      ...part('code', 'xs:string', false, 'Stable; see docs/errors.md'),
      ...part('status', 'xs:long', false, 'The HTTP status of REST'),
      ...part('detail', 'xs:string', false),
      ...part('place', 'xs:string', true, 'Where in the request'),
      ...part('more', 't:AnyMap', true),
    ]),
    '<xs:attribute name="escaped" type="xs:string"/>',
  ]),
);
