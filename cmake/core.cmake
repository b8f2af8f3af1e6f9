# src/core/: shared by front and back.
spanlog_folder(core src/core
  SOURCES
    clock.c
    control.c
    descriptor.c
    journal.c
    journal_dead.c
    mapping.c
    printf_format.c
    redact.c
    redact_text.c
    ring.c
    site.c
    tell.c
  USES)
