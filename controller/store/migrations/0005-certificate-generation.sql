-- Grows with all that decides which certificate is used for which host, or wanted.
INSERT INTO counters (name, value) VALUES ('certificates', 0);
CREATE TRIGGER certificates_after_domains_insert AFTER INSERT ON domains
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_domains_delete AFTER DELETE ON domains
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_domains_update AFTER UPDATE OF environment_id ON domains
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_certificates_insert AFTER INSERT ON certificates
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_certificates_delete AFTER DELETE ON certificates
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_certificates_update AFTER UPDATE ON certificates
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_manual_certificates_insert AFTER INSERT ON manual_certificates
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
CREATE TRIGGER certificates_after_manual_certificates_delete AFTER DELETE ON manual_certificates
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'certificates'; END;
