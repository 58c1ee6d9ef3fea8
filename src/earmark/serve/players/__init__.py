"""OpenSubsonic, as far as a provider of similar tracks is asked for it (https://opensubsonic.netlify.app)."""
