// The name of a device as it is read: its serial number, out of its id.

/** @param id OUI-PRODUCT-SERIAL, or OUI-SERIAL, in which other characters than letters and digits are encoded */
export function deviceName(id: string): string {
  const parts = id.split('-');
  try {
    return decodeURIComponent(parts.length > 2 ? parts.slice(2).join('-') : (parts[1] ?? id));
  } catch (error) {
    if (error instanceof URIError) return id;
    throw error;
  }
}
