package dev.darkroom.jobs.process;

/** Takes jobs from its making to its close. */
public interface JobTaker extends AutoCloseable {
  /** Jobs in hand. */
  int jobs();

  /** Takes no more jobs, gives back what runs, leaves the list of workers. */
  @Override
  void close();
}
