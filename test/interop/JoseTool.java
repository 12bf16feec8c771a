// Opens and makes messages by nimbus-jose-jwt. Reads one JSON object on standard input, writes one to standard output.
import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWECryptoParts;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDHDecrypter;
import com.nimbusds.jose.crypto.ECDHEncrypter;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.impl.ContentCryptoProvider;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.SecretKey;

public class JoseTool {
  public static void main(String[] args) throws Exception {
    String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    Map<String, Object> asked = JSONObjectUtils.parse(input);
    Map<String, Object> answer = "make".equals(asked.get("do")) ? make(asked) : open(asked);
    System.out.println(JSONObjectUtils.toJSONString(answer));
  }

  private static Map<String, Object> open(Map<String, Object> asked) throws Exception {
    Map<String, Object> jwe = JSONObjectUtils.getJSONObject(asked, "jwe");
    ECKey seal = key(asked, "seal");
    String kid = seal.computeThumbprint().toString();
    String shared = JSONObjectUtils.getString(jwe, "protected");
    for (Map<String, Object> recipient : JSONObjectUtils.getJSONObjectArray(jwe, "recipients")) {
      Map<String, Object> own = JSONObjectUtils.getJSONObject(recipient, "header");
      if (!kid.equals(own.get("kid"))) continue;
      // The library wants "alg" in the protected header; its form here is that of the recipient (RFC 7516 section 7.2.1).
      Map<String, Object> joined = JSONObjectUtils.parse(new Base64URL(shared).decodeToString());
      joined.putAll(own);
      byte[] content =
          new ECDHDecrypter(seal)
              .decrypt(
                  JWEHeader.parse(joined),
                  base64(recipient, "encrypted_key"),
                  base64(jwe, "iv"),
                  base64(jwe, "ciphertext"),
                  base64(jwe, "tag"),
                  shared.getBytes(StandardCharsets.US_ASCII));
      return verified(asked, new String(content, StandardCharsets.UTF_8));
    }
    throw new Exception("not to this key");
  }

  private static Map<String, Object> verified(Map<String, Object> asked, String signed) throws Exception {
    JWSObject jws = JWSObject.parse(signed);
    if (!jws.getHeader().getAlgorithm().equals(JWSAlgorithm.ES256)) throw new Exception("alg");
    if (!jws.verify(new ECDSAVerifier(key(asked, "sign")))) throw new Exception("the signature does not fit");
    return Map.of("claims", jws.getPayload().toJSONObject());
  }

  private static Map<String, Object> make(Map<String, Object> asked) throws Exception {
    Map<String, Object> claims = JSONObjectUtils.getJSONObject(asked, "claims");
    ECKey sign = key(asked, "sign");
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.ES256)
            .keyID(JSONObjectUtils.getString(asked, "kid"))
            .type(new JOSEObjectType("sello-message+jws"))
            .build();
    JWSObject jws = new JWSObject(header, new Payload(claims));
    jws.sign(new ECDSASigner(sign));
    Map<String, Object> shared = new LinkedHashMap<>();
    shared.put("enc", "A256GCM");
    shared.put("jti", claims.get("jti"));
    shared.put("typ", "sello-message+jwe");
    Base64URL encoded = Base64URL.encode(JSONObjectUtils.toJSONString(shared));
    SecretKey contentKey = ContentCryptoProvider.generateCEK(EncryptionMethod.A256GCM, new SecureRandom());
    List<Object> recipients = new ArrayList<>();
    JWECryptoParts content = null;
    for (Map<String, Object> each : JSONObjectUtils.getJSONObjectArray(asked, "recipients")) {
      ECKey jwk = ECKey.parse(JSONObjectUtils.getJSONObject(each, "jwk"));
      JWECryptoParts parts =
          new ECDHEncrypter(jwk.toECPublicKey(), contentKey)
              .encrypt(
                  new JWEHeader(JWEAlgorithm.ECDH_ES_A256KW, EncryptionMethod.A256GCM),
                  jws.serialize().getBytes(StandardCharsets.US_ASCII),
                  encoded.toString().getBytes(StandardCharsets.US_ASCII));
      // One content for all: the key of each recipient wraps the same content key.
      if (content == null) content = parts;
      Map<String, Object> own = new LinkedHashMap<>();
      own.put("alg", "ECDH-ES+A256KW");
      own.put("kid", JSONObjectUtils.getString(each, "kid"));
      own.put("epk", parts.getHeader().getEphemeralPublicKey().toJSONObject());
      recipients.add(Map.of("header", own, "encrypted_key", parts.getEncryptedKey().toString()));
    }
    Map<String, Object> jwe = new LinkedHashMap<>();
    jwe.put("protected", encoded.toString());
    jwe.put("recipients", recipients);
    jwe.put("iv", content.getInitializationVector().toString());
    jwe.put("ciphertext", content.getCipherText().toString());
    jwe.put("tag", content.getAuthenticationTag().toString());
    return Map.of("jwe", jwe);
  }

  private static Base64URL base64(Map<String, Object> object, String name) throws Exception {
    return new Base64URL(JSONObjectUtils.getString(object, name));
  }

  private static ECKey key(Map<String, Object> asked, String name) throws Exception {
    return ECKey.parse(JSONObjectUtils.getJSONObject(asked, name));
  }
}
