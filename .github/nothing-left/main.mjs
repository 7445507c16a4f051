// Nothing to do before the job's steps: the post step looks.
