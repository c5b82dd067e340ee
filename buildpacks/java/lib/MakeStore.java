import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** `MakeStore FROM TO`: certificates as a file of PEM become the store that Java trusts. */
class MakeStore {
  public static void main(String[] arguments) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream from = Files.newInputStream(Path.of(arguments[0]))) {
      int number = 0;
      for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(from)) {
        store.setCertificateEntry("ca-" + number++, certificate);
      }
    }
    // Without a password, as nothing in it is secret.
    System.setProperty("keystore.pkcs12.certProtectionAlgorithm", "NONE");
    System.setProperty("keystore.pkcs12.macAlgorithm", "NONE");
    try (OutputStream to = Files.newOutputStream(Path.of(arguments[1]))) {
      store.store(to, new char[0]);
    }
  }
}
