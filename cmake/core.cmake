# src/core/: shared by front and back.
spanlog_folder(core src/core
  SOURCES
    clock.c
    journal.c
    journal_dead.c
    mapping.c
    printf_format.c
    redact.c
    redact_text.c
    site.c
    tell.c
  USES)
