// The primitives of MIKEY as the crate mykey has them, line by line, all in hex:
//   k INKEY CS CSB RAND      -> TEK, salt, and the encryption, MAC and salt keys of messages
//   c KEY SALT CSB TIME DATA -> DATA covered, or uncovered
//   m KEY DATA               -> the MAC
use mykey::crypto::*;
use std::io::{self, BufRead, Write};

type Failure = Box<dyn std::error::Error>;

fn answer(words: &[Vec<u8>], verb: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let csb = |bytes: &[u8]| -> Result<u32, Failure> { Ok(u32::from_be_bytes(bytes.try_into()?)) };
    Ok(match (verb, words) {
        ("k", [inkey, cs, id, rand]) => {
            let id = csb(id)?;
            let cs = *cs.first().ok_or("no crypto session")?;
            vec![
                mikey_prf(inkey, &label_from_tgk(CONST_TEK, cs, id, rand), 16)?,
                mikey_prf(inkey, &label_from_tgk(CONST_SALT_FROM_TGK, cs, id, rand), 14)?,
                mikey_prf(inkey, &label_from_psk(CONST_ENC_FROM_PSK, id, rand), 16)?,
                mikey_prf(inkey, &label_from_psk(CONST_AUTH_FROM_PSK, id, rand), 20)?,
                mikey_prf(inkey, &label_from_psk(CONST_SALT_FROM_PSK, id, rand), 14)?,
            ]
        }
        ("c", [key, salt, id, time, data]) => {
            let mut data = data.clone();
            aes_cm_apply(key, &kemac_iv(salt, csb(id)?, time)?, &mut data)?;
            vec![data]
        }
        ("m", [key, data]) => vec![compute_mac(key, data)?],
        _ => return Err("unknown request".into()),
    })
}

fn main() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or("").to_string();
        let bytes = words.map(hex::decode).collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<String> = answer(&bytes, &verb)?.iter().map(hex::encode).collect();
        writeln!(out, "{}", parts.join(" "))?;
    }
    Ok(())
}
