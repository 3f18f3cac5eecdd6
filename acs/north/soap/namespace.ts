// Names of the SOAP interface that clients have in their requests.

export const NAMESPACE = 'urn:tandem:northbound:1';
export const SERVICE = 'Tandem';
export const PORT = 'Northbound';

export const actionOf = (operation: string): string => `${NAMESPACE}#${operation}`;
