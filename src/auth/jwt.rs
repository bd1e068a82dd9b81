//! JWTs signed with HS256 (RFC 7515, RFC 7519): one algorithm, one header, claims that must all be there in their own types. The key is `store/key`;
//! whose token it is and whether it was ended is asked in `ops/credentials`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// `{"alg":"HS256","typ":"JWT"}`: whatever is written otherwise was not made here.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
const ISSUER: &str = "carryall";
const BYTES_MAX: usize = 4_096;
/// The one claim that need not be there.
const FAMILY: &str = "fam";
/// The length that SHA-256 works in.
const BLOCK_BYTES: usize = 64;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Access,
    Refresh,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Access => "access",
            Kind::Refresh => "refresh",
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub user: i64,
    pub kind: Kind,
    /// Of the user, when it was made.
    pub generation: i64,
    pub issued_s: i64,
    pub expires_s: i64,
    /// Of this token alone.
    pub id: String,
    /// The sign-in that it goes back to, where a refresh token was given with it: both end together.
    pub family: Option<Vec<u8>>,
}

/// Whether a bearer token has this scheme's shape.
pub fn has_shape(bearer: &str) -> bool {
    bearer.starts_with("eyJ") && bearer.contains('.')
}

/// The signed token; `more` are claims for clients, which nobody here reads.
pub fn sign(key: &[u8; 32], claims: &Claims, more: &Map<String, Value>) -> String {
    let mut payload = more.clone();
    let own = [
        ("iss", Value::from(ISSUER)),
        ("sub", Value::from(claims.user.to_string())),
        ("type", Value::from(claims.kind.name())),
        ("gen", Value::from(claims.generation)),
        ("iat", Value::from(claims.issued_s)),
        ("exp", Value::from(claims.expires_s)),
        ("jti", Value::from(claims.id.as_str())),
    ];
    payload.extend(own.map(|(name, value)| (name.to_owned(), value)));
    payload.remove(FAMILY);
    payload.extend(claims.family.as_ref().map(|family| (FAMILY.to_owned(), Value::from(URL_SAFE_NO_PAD.encode(family)))));
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(Value::Object(payload).to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// What a token of this kind says, if it was signed with the key and is good at this second.
pub fn verify(key: &[u8; 32], token: &str, kind: Kind, now_s: i64) -> Option<Claims> {
    if token.len() > BYTES_MAX {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let signature: [u8; 32] = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
    // Compared as hashes, so that the time taken tells nothing.
    if header != HEADER || digest(&signature) != digest(&hmac(key, signed.as_bytes())) {
        return None;
    }
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let number = |name: &str| payload.get(name).and_then(Value::as_i64);
    let is_begun = payload.get("nbf").is_none_or(|from| from.as_i64().is_some_and(|from| from <= now_s));
    if text("iss")? != ISSUER || text("type")? != kind.name() || !is_begun {
        return None;
    }
    let claims = Claims {
        user: text("sub").filter(|sub| sub.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?,
        kind,
        generation: number("gen")?,
        issued_s: number("iat")?,
        expires_s: number("exp")?,
        id: text("jti")?.to_owned(),
        family: match payload.get(FAMILY) {
            None => None,
            Some(family) => Some(URL_SAFE_NO_PAD.decode(family.as_str()?).ok()?),
        },
    };
    (now_s < claims.expires_s).then_some(claims)
}

/// By which a token in use is remembered.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC with SHA-256 (RFC 2104); the key is shorter than a block.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let padded = |with: u8| -> [u8; BLOCK_BYTES] {
        let mut block = [with; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const KEY: [u8; 32] = [7; 32];
    const NOW_S: i64 = 1_000;

    fn claims() -> Claims {
        Claims {
            user: 1,
            kind: Kind::Access,
            generation: 3,
            issued_s: 900,
            expires_s: 1_100,
            id: "a".to_owned(),
            family: Some(vec![7; 16]),
        }
    }

    /// A token with any header and payload, rightly signed.
    fn forged(key: &[u8; 32], header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(hmac(key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn good(token: &str) -> bool {
        verify(&KEY, token, Kind::Access, NOW_S).is_some()
    }

    #[test]
    fn the_code_is_that_of_the_standard() {
        // RFC 4231, test case 2, with the key filled up to 32 bytes by zeros: the same key.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let hex = hmac(&key, b"what do ya want for nothing?").iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), HEADER);
    }

    #[test]
    fn what_is_signed_is_read_again_until_its_last_second() {
        let more = Map::from_iter([("scope".to_owned(), json!(["user"])), ("sub".to_owned(), json!("2"))]);
        let token = sign(&KEY, &claims(), &more);
        assert_eq!(verify(&KEY, &token, Kind::Access, 1_099), Some(claims()), "no claim of a client's stands before our own");
        assert_eq!(verify(&KEY, &token, Kind::Access, 1_100), None);
        assert_eq!(verify(&KEY, &token, Kind::Refresh, NOW_S), None);
        assert_eq!(verify(&[8; 32], &token, Kind::Access, NOW_S), None);
        let refresh = sign(&KEY, &Claims { kind: Kind::Refresh, ..claims() }, &Map::new());
        assert!(has_shape(&refresh) && !good(&refresh), "a refresh token lets nobody in");
    }

    #[test]
    fn a_forged_token_is_refused() {
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        let payload = json!({"iss": "carryall", "sub": "1", "type": "access", "gen": 3, "iat": 900, "exp": 1_100, "jti": "a"});
        assert!(good(&forged(&KEY, header, &payload.to_string())), "the form that the others differ from");
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"HS384","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#,
            r#"{"alg":"HS256","typ":"JWT","jku":"https://evil.example/keys"}"#,
            r#"{"alg":"HS256","typ":"JWT","crit":["x"]}"#,
            r#"{"alg":"HS256"}"#,
            "{}",
            "",
        ] {
            assert!(!good(&forged(&KEY, header, &payload.to_string())), "{header}");
        }
        for (name, value) in [
            ("exp", json!("1100")),
            ("exp", json!(1100.0)),
            ("exp", json!(1e300)),
            ("exp", json!(true)),
            ("exp", json!(-1)),
            ("exp", json!(NOW_S)),
            ("iat", json!("900")),
            ("iat", json!(null)),
            ("gen", json!("3")),
            ("nbf", json!(NOW_S + 1)),
            ("nbf", json!("900")),
            ("nbf", json!(null)),
            ("iss", json!("other")),
            ("iss", json!(["carryall"])),
            ("sub", json!(1)),
            ("sub", json!("-1")),
            ("sub", json!("+1")),
            ("sub", json!("")),
            ("sub", json!("1 ")),
            ("sub", json!("99999999999999999999")),
            ("type", json!("refresh")),
            ("type", json!(null)),
            ("jti", json!(7)),
            ("fam", json!(7)),
            ("fam", json!("?")),
            ("fam", json!(null)),
        ] {
            let mut payload = payload.clone();
            payload[name] = value.clone();
            assert!(!good(&forged(&KEY, header, &payload.to_string())), "{name}: {value}");
        }
        for name in ["iss", "sub", "type", "gen", "iat", "exp", "jti"] {
            let mut payload = payload.clone();
            payload.as_object_mut().unwrap().shift_remove(name);
            assert!(!good(&forged(&KEY, header, &payload.to_string())), "without {name}");
        }
        for payload in ["[]", "null", "1", "", "{", "{}"] {
            assert!(!good(&forged(&KEY, header, payload)), "{payload}");
        }
    }

    #[test]
    fn a_token_of_another_shape_is_refused() {
        let token = sign(&KEY, &claims(), &Map::new());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        for odd in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "...".to_owned(),
            signed.to_owned(),
            format!("{signed}."),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{header}.{payload}.x.{signature}"),
            format!("{token}="),
            format!("{token} "),
            format!("{header}.{payload}=.{signature}"),
            format!("{signed}.{}", &signature[..42]),
            format!("{signed}.{}", "A".repeat(43)),
            format!("{header}.{}.{signature}", "A".repeat(5_000)),
        ] {
            assert!(!good(&odd), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_changed_letter_is_overlooked(at in 0_usize..200, letter in "[A-Za-z0-9_.-]") {
            let token = sign(&KEY, &claims(), &Map::new());
            let at = at % token.len();
            let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(good(&changed), changed == token);
        }

        #[test]
        fn nothing_that_is_sent_breaks_the_reader(text in ".{0,300}") {
            prop_assert!(!good(&text));
        }
    }
}
